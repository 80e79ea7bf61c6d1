import { el } from './dom.js';
import type { TimeRange } from './view.js';
import { fromInput, toInput, zoneName, type Zone } from './zone.js';

/** Two inputs for a range, in the zone of the page. */
export class RangeFields {
  public readonly elements: readonly HTMLElement[];
  private readonly from: HTMLInputElement;
  private readonly to: HTMLInputElement;
  private readonly zoneNotes: readonly HTMLElement[];
  private zone: Zone = 'utc';

  /** @param shortest range that makes sense, in minutes */
  public constructor(
    id: string,
    private readonly shortest = 1,
  ) {
    const input = (): HTMLInputElement => el('input', { type: 'datetime-local', required: true, step: 60 });
    [this.from, this.to] = [input(), input()];
    this.from.id = `${id}-from`;
    this.to.id = `${id}-to`;
    // A complaint keeps the browser from submitting, and so from being asked again: it ends with what it was about.
    for (const field of [this.from, this.to]) {
      field.addEventListener('input', () => {
        this.to.setCustomValidity('');
      });
    }
    this.zoneNotes = [el('span', { class: 'note' }), el('span', { class: 'note' })];
    this.elements = [
      el('label', {}, el('span', {}, 'From ', this.zoneNotes[0] ?? null), this.from),
      el('label', {}, el('span', {}, 'To ', this.zoneNotes[1] ?? null), this.to),
    ];
  }

  /** Shows a range; null leaves what was entered, in the zone given now. */
  public show(range: TimeRange | null, zone: Zone): void {
    const shown = range ?? this.entered();
    this.zone = zone;
    for (const note of this.zoneNotes) {
      note.textContent = zoneName(zone);
    }
    if (shown !== null) {
      this.from.value = toInput(shown.from, zone);
      this.to.value = toInput(shown.to, zone);
      this.to.setCustomValidity('');
    }
  }

  /** Null, with the browser's own message at the field, where it is no range. */
  public read(): TimeRange | null {
    const range = this.entered();
    const length = range === null ? Infinity : range.to - range.from;
    this.to.setCustomValidity(
      length <= 0
        ? 'Must be after the start'
        : length < this.shortest * 60_000
          ? `Must be at least ${this.shortest} minutes after the start`
          : '',
    );
    return this.from.reportValidity() && this.to.reportValidity() ? range : null;
  }

  /** Whether nobody has entered anything. */
  public get blank(): boolean {
    return this.from.value === '' && this.to.value === '';
  }

  private entered(): TimeRange | null {
    const range = { from: fromInput(this.from.value, this.zone), to: fromInput(this.to.value, this.zone) };
    return Number.isNaN(range.from + range.to) ? null : range;
  }
}

import type { Rebuild } from './admin-types.js';
import { describe, wasAborted, type Api } from './api.js';
import { button, el, setText } from './dom.js';
import { count, plural } from './format.js';
import { RangeFields } from './range-fields.js';
import { isoMinute, type TimeRange } from './view.js';
import { formatTime, type Zone } from './zone.js';

const SHOWN_REBUILDS = 5;
/** How long to wait before a broken event stream is opened anew; milliseconds. */
const RECONNECT_MS = 2_000;

/** Starts rebuilds, and follows and cancels those that run, whoever started them. */
export class RebuildPanel {
  public readonly element: HTMLElement;
  private readonly range = new RangeFields('rebuild');
  private readonly reason = el('input', { type: 'text', maxlength: 500, autocomplete: 'off' });
  private readonly force = el('input', { type: 'checkbox' });
  private readonly start = el('button', { type: 'submit', class: 'primary' }, 'Start rebuild');
  private readonly message = el('p', { class: 'message', role: 'status' });
  private readonly list = el('ul', { class: 'rebuilds' });
  private readonly followed = new Map<string, AbortController>();
  private zone: Zone = 'utc';

  public constructor(
    private readonly api: () => Api | null,
    private readonly onFinished: () => void,
  ) {
    const form = el(
      'form',
      { class: 'fields', 'aria-label': 'Rebuild' },
      ...this.range.elements,
      el(
        'label',
        { class: 'grow' },
        el('span', {}, 'Reason ', el('span', { class: 'note' }, 'optional')),
        this.reason,
      ),
      el(
        'label',
        { class: 'check' },
        this.force,
        'Force: also where raw rows may be gone and history would shrink',
      ),
      this.start,
    );
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      void this.submit();
    });
    this.element = el(
      'article',
      { class: 'card', 'data-panel': 'rebuild' },
      el(
        'header',
        {},
        el('h3', {}, 'Rebuild'),
        el('span', { class: 'note' }, 'recomputes every closed hour of a range'),
      ),
      form,
      this.message,
      el('div', { id: 'rebuild-list' }, this.list),
    );
  }

  public showRange(range: TimeRange, zone: Zone): void {
    this.range.show(this.range.blank ? range : null, zone);
  }

  public showList(rebuilds: readonly Rebuild[], zone: Zone): void {
    this.zone = zone;
    this.list.replaceChildren(...rebuilds.slice(0, SHOWN_REBUILDS).map((rebuild) => this.item(rebuild)));
    for (const { id, state } of rebuilds) {
      if (state === 'running') {
        void this.follow(id);
      }
    }
  }

  /** Stops following, at sign-out. */
  public stop(): void {
    for (const controller of this.followed.values()) {
      controller.abort();
    }
    this.followed.clear();
    this.list.replaceChildren();
  }

  private async submit(): Promise<void> {
    const range = this.range.read();
    const api = this.api();
    if (range === null || api === null) {
      return;
    }
    this.start.disabled = true;
    try {
      const rebuild = await api.send<Rebuild>('POST', 'rebuilds', {
        from: isoMinute(range.from),
        to: isoMinute(range.to),
        ...(this.force.checked && { force: true }),
        ...(this.reason.value.trim() !== '' && { reason: this.reason.value.trim() }),
      });
      this.force.checked = false;
      this.say(`Rebuild ${rebuild.id} of ${plural(rebuild.hours.total, 'hour')} has started.`, false);
      this.put(rebuild);
      void this.follow(rebuild.id);
    } catch (error) {
      this.say(`Not started: ${describe(error)}.`, true);
    } finally {
      this.start.disabled = false;
    }
  }

  private async cancel(id: string): Promise<void> {
    try {
      const rebuild = await this.api()?.send<Rebuild>('DELETE', `rebuilds/${id}`);
      if (rebuild !== undefined) {
        this.put(rebuild);
      }
    } catch (error) {
      this.say(`Not cancelled: ${describe(error)}.`, true);
    }
  }

  /** Until it has ended, over as many streams as it takes. */
  private async follow(id: string): Promise<void> {
    const api = this.api();
    if (api === null || this.followed.has(id)) {
      return;
    }
    const controller = new AbortController();
    this.followed.set(id, controller);
    let state: Rebuild['state'] = 'running';
    while (state === 'running' && !controller.signal.aborted) {
      try {
        for await (const rebuild of api.events<Rebuild>(`rebuilds/${id}/events`, controller.signal)) {
          state = rebuild.state;
          this.put(rebuild);
        }
      } catch (error) {
        if (wasAborted(error)) {
          return;
        }
        this.say(`The progress of rebuild ${id} was lost, asking again: ${describe(error)}.`, true);
      }
      if (state === 'running') {
        await new Promise((resolve) => setTimeout(resolve, RECONNECT_MS));
      }
    }
    this.followed.delete(id);
    if (!controller.signal.aborted) {
      this.onFinished();
    }
  }

  private put(rebuild: Rebuild): void {
    const item = this.item(rebuild);
    const old = this.list.querySelector(`[data-rebuild="${rebuild.id}"]`);
    if (old === null) {
      this.list.prepend(item);
      return;
    }
    const hadFocus = old.contains(document.activeElement);
    old.replaceWith(item);
    if (hadFocus) {
      item.querySelector('button')?.focus();
    }
  }

  private item(rebuild: Rebuild): HTMLElement {
    const { id, state, hours } = rebuild;
    const ended = hours.done + hours.failed + hours.cancelled;
    const progress = el('progress', {
      max: Math.max(1, hours.total),
      value: ended,
      'aria-label': `Progress of rebuild ${id}`,
    });
    const counts = [
      `${count(hours.done)} of ${plural(hours.total, 'hour')}`,
      hours.failed > 0 ? `${count(hours.failed)} failed` : null,
      hours.cancelled > 0 ? `${count(hours.cancelled)} cancelled` : null,
      rebuild.estimatedEnd === null
        ? null
        : `until about ${formatTime(rebuild.estimatedEnd, this.zone, 'seconds')}`,
      rebuild.reason === null ? null : `“${rebuild.reason}”`,
      rebuild.force ? 'forced' : null,
    ];
    return el(
      'li',
      { 'data-rebuild': id, 'data-state': state, 'data-done': hours.done, 'data-total': hours.total },
      el(
        'div',
        { class: 'rebuild-head' },
        el('b', {}, `#${id}`),
        ` ${formatTime(rebuild.from, this.zone, 'dateTime')} – ${formatTime(rebuild.to, this.zone, 'dateTime')} `,
        el('span', { class: `badge ${state}` }, state),
        state === 'running'
          ? button(
              'Cancel',
              { class: 'quiet', 'aria-label': `Cancel rebuild ${id}` },
              () => void this.cancel(id),
            )
          : null,
      ),
      state === 'running' ? progress : null,
      el('div', { class: 'note' }, counts.filter((text) => text !== null).join(' · ')),
    );
  }

  private say(text: string, bad: boolean): void {
    this.message.classList.toggle('bad', bad);
    setText(this.message, text);
  }
}

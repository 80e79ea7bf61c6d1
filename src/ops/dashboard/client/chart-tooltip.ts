import { render, type TemplateResult } from 'lit-html';

/** Between it and the pointer, and the edges of the window. */
const GAP = 14;

/** A chart that is pointed at, or that has the keyboard. */
export interface TooltipOwner {
  readonly element: HTMLElement;
  /** Lets go of the point. */
  readonly leave: () => void;
  /** What the tooltip stands beside, in the window's pixels. */
  readonly anchor: () => readonly [number, number];
}

/** The one tooltip of the charts, beside what is pointed at. It is decoration for those who see: see ChartCard.moved. */
export class Tooltip {
  public readonly element = document.createElement('div');
  public owner: TooltipOwner | null = null;

  /** @param signal until when */
  public constructor(signal: AbortSignal) {
    this.element.className = 'chart-tooltip';
    // In the top layer, so that nothing covers or clips it.
    this.element.popover = 'manual';
    this.element.ariaHidden = 'true';
    const escape = ({ key }: KeyboardEvent): void => {
      if (key === 'Escape') {
        this.show(null);
      }
    };
    // What was tapped stays pointed at until something else is.
    const elsewhere = ({ target }: PointerEvent): void => {
      if (target instanceof Node && this.owner?.element.contains(target) === false) {
        this.owner.leave();
      }
    };
    document.addEventListener('pointerdown', elsewhere, { signal });
    document.addEventListener('keydown', escape, { signal });
    document.addEventListener('scroll', this.place, { signal, capture: true, passive: true });
  }

  /** Null hides it. */
  public show(content: TemplateResult | null): void {
    render(content, this.element);
    if (this.element.isConnected) {
      this.element.togglePopover(content !== null);
    }
    this.place();
  }

  /** To the right and below; on the other side where there is no room, and never past the edges. */
  private readonly place = (): void => {
    const { element, owner } = this;
    if (owner === null || !element.matches(':popover-open')) {
      return;
    }
    const { clientWidth, clientHeight } = document.documentElement;
    const beside = (at: number, length: number, room: number): string => {
      const start = at + GAP + length > room - GAP / 2 ? at - GAP - length : at + GAP;
      return `${Math.max(GAP / 2, Math.min(start, room - length - GAP / 2))}px`;
    };
    const [x, y] = owner.anchor();
    element.style.left = beside(x, element.offsetWidth, clientWidth);
    element.style.top = beside(y, element.offsetHeight, clientHeight);
  };
}

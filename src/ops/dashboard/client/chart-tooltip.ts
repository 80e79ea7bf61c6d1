import { render, type TemplateResult } from 'lit-html';

/** Between it and the pointer, and the edges of the window. */
const GAP = 14;

/** A chart that is pointed at, or that has the keyboard. */
interface Owner {
  readonly element: HTMLElement;
  /** Lets go of the point. */
  readonly leave: () => void;
}

/** The one tooltip of the charts, beside what is pointed at. It is decoration for those who see: see Announcer. */
export class Tooltip {
  public readonly element = document.createElement('div');
  public owner: Owner | null = null;
  private anchor: (() => readonly [number, number]) | null = null;

  /** @param signal until when */
  public constructor(signal: AbortSignal) {
    this.element.className = 'chart-tooltip';
    // In the top layer, so that nothing covers or clips it.
    this.element.popover = 'manual';
    this.element.ariaHidden = 'true';
    const escape = ({ key }: KeyboardEvent): void => {
      if (key === 'Escape') {
        this.hide();
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

  /** @param anchor what it stands beside, in the window's pixels */
  public show(content: TemplateResult, anchor: () => readonly [number, number]): void {
    this.anchor = anchor;
    render(content, this.element);
    if (this.element.isConnected && !this.element.matches(':popover-open')) {
      this.element.showPopover();
    }
    this.place();
  }

  public hide(): void {
    this.anchor = null;
    if (this.element.matches(':popover-open')) {
      this.element.hidePopover();
    }
  }

  /** To the right and below; on the other side where there is no room, and never past the edges. */
  private readonly place = (): void => {
    if (this.anchor === null) {
      return;
    }
    const [x, y] = this.anchor();
    const { offsetWidth: width, offsetHeight: height, style } = this.element;
    const { clientWidth, clientHeight } = document.documentElement;
    const within = (at: number, length: number, room: number): number => {
      const beside = at + GAP + length > room - GAP / 2 ? at - GAP - length : at + GAP;
      return Math.max(GAP / 2, Math.min(beside, room - length - GAP / 2));
    };
    style.left = `${within(x, width, clientWidth)}px`;
    style.top = `${within(y, height, clientHeight)}px`;
  };
}

// Keeps what one reads in its place while messages come in above or below it, or sticks to the newest one.

/** This near to the end counts as being there. */
const END_PX = 60;

export class ScrollAnchor {
  #scroller: HTMLElement;
  /** Whether the view follows the end. */
  #sticks = true;
  #lastTop = 0;
  #kept: { key: string; top: number } | null = null;

  constructor(scroller: HTMLElement) {
    this.#scroller = scroller;
  }

  get isAtEnd(): boolean {
    const { scrollHeight, scrollTop, clientHeight } = this.#scroller;
    return scrollHeight - scrollTop - clientHeight < END_PX;
  }

  /** Something scrolled: from now on follow the end, or not. A view that merely became smaller leaves nobody behind. */
  scrolled(canStick: boolean): void {
    const { scrollTop } = this.#scroller;
    if (this.isAtEnd) this.#sticks = canStick;
    else if (scrollTop < this.#lastTop) this.#sticks = false;
    this.#lastTop = scrollTop;
  }

  /** Before the rows change: notes the first row in view. */
  capture(): void {
    this.#kept = null;
    const top = this.#scroller.getBoundingClientRect().top;
    for (const row of this.#scroller.querySelectorAll<HTMLElement>('[data-key]')) {
      const box = row.getBoundingClientRect();
      if (box.bottom > top) {
        this.#kept = { key: row.dataset['key'] ?? '', top: box.top };
        return;
      }
    }
  }

  /** After the rows changed: puts that row back where it was. */
  restore(): void {
    if (this.#sticks) {
      this.toEnd();
      return;
    }
    const row = this.#kept && this.find(this.#kept.key);
    if (row && this.#kept) this.#moveTo(this.#scroller.scrollTop + row.getBoundingClientRect().top - this.#kept.top);
  }

  find(key: string): HTMLElement | null {
    return this.#scroller.querySelector<HTMLElement>(`[data-key="${CSS.escape(key)}"]`);
  }

  /** The view or what is in it changed its size. */
  resized(): void {
    if (this.#sticks) this.toEnd();
  }

  toEnd(): void {
    this.#sticks = true;
    this.#moveTo(this.#scroller.scrollHeight);
  }

  /** Remembered at once: the event tells of it later, when the size may have changed again, and must not look like a person's doing. */
  #moveTo(top: number): void {
    this.#scroller.scrollTop = top;
    this.#lastTop = this.#scroller.scrollTop;
  }

  /** Leaves the end and shows a row: near the top, or in the middle. */
  show(row: HTMLElement, where: 'top' | 'middle'): void {
    const view = this.#scroller.getBoundingClientRect();
    const box = row.getBoundingClientRect();
    const offset = where === 'top' ? 56 : Math.max(24, (view.height - box.height) / 2);
    this.#moveTo(this.#scroller.scrollTop + box.top - view.top - offset);
    this.#sticks = this.isAtEnd;
  }
}

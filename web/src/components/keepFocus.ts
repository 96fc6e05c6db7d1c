// The focus never falls out of the page: when what had it is taken away, its surroundings get it, as near as possible.

/** Marks the place of its surroundings that takes the focus; it needs a tabindex. */
const MARKED = '[data-keeps-focus]';

/** An element, and all it stood in. Kept, because an element that was taken out of the page does not know it any more. */
export type Place = readonly HTMLElement[];

export function placeOf(element: Element | null): Place {
  const place: HTMLElement[] = [];
  for (let at = element; at !== null; at = at.parentElement) if (at instanceof HTMLElement) place.push(at);
  return place;
}

export const isFocusLost = (): boolean => document.activeElement === null || document.activeElement === document.body;

const isDisabled = (element: HTMLElement): boolean => element.matches(':disabled');

/** Gives the focus back to a place: to the element itself, or to what is left around it. */
export function focusNear(place: Place): void {
  const [element, ...around] = place;
  if (element?.isConnected && !isDisabled(element)) {
    element.focus({ preventScroll: true });
    if (!isFocusLost()) return;
  }
  for (const box of around) {
    if (!box.isConnected) continue;
    const heir = box.hasAttribute('tabindex') ? box : box.querySelector<HTMLElement>(MARKED);
    heir?.focus({ preventScroll: true });
    if (!isFocusLost()) return;
  }
}

/** Watches over the whole page, for as long as it lives. */
export function keepFocus(): void {
  let last: Place = [];
  document.addEventListener('focusin', (event) => {
    last = event.target instanceof Element ? placeOf(event.target) : [];
  });
  document.addEventListener('focusout', () => {
    // Once what goes on is done: whoever has left an element that is still there has left it on purpose.
    queueMicrotask(() => {
      const [element] = last;
      if (isFocusLost() && element?.isConnected && !isDisabled(element)) last = [];
    });
  });
  new MutationObserver(() => {
    const [element] = last;
    // While it is only disabled it may come back.
    if (element === undefined || !isFocusLost() || (element.isConnected && isDisabled(element))) return;
    focusNear(last);
  }).observe(document.body, { childList: true, subtree: true, attributeFilter: ['disabled'] });
}

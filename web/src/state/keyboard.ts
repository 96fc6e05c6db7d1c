// Some phones lay their keyboard over the page instead of making it smaller. The page is then made to fit what is left,
// so that the place to write and the head of the room both stay in view.

export function fitAboveKeyboard(view: VisualViewport | null = window.visualViewport): void {
  if (view === null) return;
  const fit = (): void => {
    const isCovered = view.scale === 1 && view.height < window.innerHeight - 1;
    const style = document.documentElement.style;
    if (isCovered) {
      style.setProperty('--view-height', `${view.height}px`);
      // Such a phone has also scrolled the page up by what is covered.
      window.scrollTo(0, 0);
    } else {
      style.removeProperty('--view-height');
    }
  };
  view.addEventListener('resize', fit);
}

/** Whether typing means a keyboard on the screen: it is not brought up unasked, and its Enter begins a new line. */
export const hasScreenKeyboard = (): boolean => matchMedia('(hover: none) and (pointer: coarse)').matches;

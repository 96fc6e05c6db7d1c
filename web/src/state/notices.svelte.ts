// Short notices at the edge of the page, read out by screen readers.

import { untrack } from 'svelte';
import { errorText } from '../api/http';

export interface Notice {
  id: number;
  /** `news`: something that others did. It need not be good. */
  kind: 'error' | 'done' | 'news';
  text: string;
}

const LEAST_MS = { error: 9_000, done: 4_000, news: 6_000 };
const MS_TO_NOTICE = 2_000;
const MS_PER_CHAR = 60;
const MOST = 4;

/** As long as it takes to become aware of it and to read it. */
export const shownMs = ({ kind, text }: Pick<Notice, 'kind' | 'text'>): number =>
  Math.max(LEAST_MS[kind], MS_TO_NOTICE + MS_PER_CHAR * text.length);

class Notices {
  list: Notice[] = $state([]);
  #holds: number = $state(0);
  #next = 1;

  /** Behind an open dialog nobody reads them, and screen readers are not told: they wait until it is closed. */
  readonly isHeld: boolean = $derived(this.#holds > 0);

  error(cause: unknown): void {
    this.#show('error', typeof cause === 'string' ? cause : errorText(cause));
  }

  done(text: string): void {
    this.#show('done', text);
  }

  news(text: string): void {
    this.#show('news', text);
  }

  dismiss(id: number): void {
    this.list = this.list.filter((notice) => notice.id !== id);
  }

  /** Keeps them back until the function that is returned is called. */
  hold(): () => void {
    const change = (by: number): void => untrack(() => void (this.#holds += by));
    change(1);
    return () => change(-1);
  }

  #show(kind: Notice['kind'], text: string): void {
    const id = this.#next++;
    this.list = [...this.list.filter((notice) => notice.text !== text), { id, kind, text }].slice(-MOST);
  }
}

export const notices = new Notices();

// Short notices at the edge of the page, read out by screen readers.

import { errorText } from '../api/http';

export interface Notice {
  id: number;
  kind: 'error' | 'done';
  text: string;
}

const SHOWN_MS = { error: 9_000, done: 4_000 };

class Notices {
  list: Notice[] = $state([]);
  #next = 1;

  error(cause: unknown): void {
    this.#show('error', typeof cause === 'string' ? cause : errorText(cause));
  }

  done(text: string): void {
    this.#show('done', text);
  }

  dismiss(id: number): void {
    this.list = this.list.filter((notice) => notice.id !== id);
  }

  #show(kind: Notice['kind'], text: string): void {
    const id = this.#next++;
    this.list = [...this.list.filter((notice) => notice.text !== text), { id, kind, text }].slice(-4);
    setTimeout(() => this.dismiss(id), SHOWN_MS[kind]);
  }
}

export const notices = new Notices();

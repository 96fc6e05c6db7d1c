// The event stream as the pages see it: its status, who is online, and a way to listen.

import { socketAt } from '../api/base';
import { applyOnline } from './presence';
import type { Online } from './presence';
import { session } from './session.svelte';
import type { StreamEvent } from '../stream/frames';
import { EventStream } from '../stream/stream';
import type { StreamStatus } from '../stream/stream';

export interface Listener {
  onEvent: (event: StreamEvent) => void;
  /** The stream stands. Unless it was resumed, something may have been missed: read everything anew. */
  onConnected: (resumed: boolean) => void;
}

class Live {
  status: StreamStatus = $state('stopped');
  browserOnline: boolean = $state(navigator.onLine);
  online: Online = $state.raw(new Set<string>());
  #listeners = new Set<Listener>();
  #stream = new EventStream(socketAt('/ws/chat/'), {
    onStatus: (status) => (this.status = status),
    onHello: (hello) => {
      this.online = new Set(hello.online);
      for (const listener of [...this.#listeners]) listener.onConnected(hello.resumed);
    },
    onEvent: (event) => this.inject(event),
    onSessionEnded: () => session.end(),
    isSessionAlive: () => session.isAlive(),
  });

  constructor() {
    addEventListener('online', () => {
      this.browserOnline = true;
      this.#stream.nudge();
    });
    addEventListener('offline', () => {
      this.browserOnline = false;
      this.#stream.nudge();
    });
    document.addEventListener('visibilitychange', () => {
      if (document.visibilityState === 'visible') this.#stream.nudge();
    });
  }

  start(): void {
    this.#stream.start();
  }

  stop(): void {
    this.#stream.stop();
    this.online = new Set();
  }

  listen(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Runs `read` whenever what a page shows has to be read again: after a gap in the stream, and, while the page shows by `failed`
   * that it could not read, as soon as the connection is back.
   */
  onReturn(failed: () => boolean, read: () => void): () => void {
    const again = (): void => {
      if (failed()) read();
    };
    const stop = this.listen({ onEvent: () => undefined, onConnected: (resumed) => (resumed ? again() : read()) });
    addEventListener('online', again);
    return () => {
      stop();
      removeEventListener('online', again);
    };
  }

  /** Tells all listeners what the stream, or an answer to one's own request, has brought. Repeats do no harm. */
  inject(event: StreamEvent): void {
    this.online = applyOnline(this.online, event);
    for (const listener of [...this.#listeners]) listener.onEvent(event);
  }

  get isOpen(): boolean {
    return this.status === 'open';
  }

  tell: EventStream['tell'] = (command) => this.#stream.tell(command);

  request: EventStream['request'] = (command) => this.#stream.request(command);
}

export const live = new Live();

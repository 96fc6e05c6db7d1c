// Tells the server how far one has read: at most a few times a second, and again when it did not get through.

import { markRead } from '../api/messages';
import type { Message } from '../api/types';
import { live } from './live.svelte';

const GATHER_MS = 200;

export class ReadMarks {
  #room: string;
  #told = 0;
  #reached: Message | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(room: string) {
    this.#room = room;
  }

  reach(message: Message): void {
    if (message.seq <= this.#told) return;
    this.#reached = message;
    this.#timer ??= setTimeout(() => void this.#tell(), GATHER_MS);
  }

  async #tell(): Promise<void> {
    this.#timer = undefined;
    const message = this.#reached;
    if (message === null || message.seq <= this.#told) return;
    const before = this.#told;
    this.#told = message.seq;
    try {
      if (live.isOpen) await live.request({ type: 'read', message: message.uuid });
      else await markRead(this.#room, message.uuid);
    } catch {
      this.#told = Math.min(this.#told, before);
    }
  }
}

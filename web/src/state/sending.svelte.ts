// What is on its way to the server, for every room: it goes on while one looks at another room.

import { ApiError } from '../api/http';
import * as api from '../api/messages';
import type { Message, Quote } from '../api/types';
import type { StreamEvent } from '../stream/frames';
import { newClientId } from './ids';
import { keepOutbox, readOutbox } from './keptOutbox';
import { live } from './live.svelte';
import * as box from './outbox';
import type { Outbox, Pending } from './outbox';
import { session } from './session.svelte';

interface Transfer {
  file: File;
  cancel: () => void;
}

class Sending {
  #rooms: ReadonlyMap<string, Outbox> = $state.raw(new Map<string, Outbox>());
  #transfers = new Map<string, Transfer>();
  /** The last upload of each room: files arrive in the order they were chosen in. */
  #uploads = new Map<string, Promise<void>>();

  start(): void {
    live.listen({ onEvent: (event) => this.#take(event), onConnected: () => void this.#sendWaiting() });
    addEventListener('online', () => void this.#sendWaiting());
    addEventListener('beforeunload', (event) => {
      // A text survives a reload, a file on its way does not.
      if (this.#transfers.size > 0) event.preventDefault();
    });
  }

  /** What this person wrote in this tab before it was loaded again; it goes out with the connection. */
  restore(account: string): void {
    const rooms = new Map<string, Outbox>();
    for (const { room, pending } of readOutbox(account)) rooms.set(room, box.add(rooms.get(room) ?? [], pending));
    this.#rooms = rooms;
  }

  clear(): void {
    for (const transfer of this.#transfers.values()) transfer.cancel();
    for (const outbox of this.#rooms.values()) outbox.forEach((pending) => this.#forget(pending));
    this.#rooms = new Map();
    this.#uploads.clear();
  }

  of(room: string): Outbox {
    return this.#rooms.get(room) ?? [];
  }

  text(room: string, content: string, replyTo: Quote | null): void {
    const pending = this.#begin(room, content, replyTo, null);
    void this.#deliver(room, pending);
  }

  file(room: string, content: string, file: File, replyTo: Quote | null): void {
    const pending = this.#begin(room, content, replyTo, file);
    void this.#upload(room, pending, file);
  }

  async retry(room: string, clientId: string): Promise<void> {
    const before = this.of(room).find((one) => one.clientId === clientId);
    if (before?.state !== 'failed' && before?.state !== 'waiting') return;
    this.#change(room, (outbox) => box.retry(outbox, clientId));
    const pending = { ...before, state: 'sending' as const };
    const transfer = this.#transfers.get(clientId);
    await (transfer ? this.#upload(room, pending, transfer.file) : this.#deliver(room, pending));
  }

  /** The connection is back. One after the other, so that the messages keep their order. */
  async #sendWaiting(): Promise<void> {
    for (const [room, outbox] of this.#rooms) {
      for (const pending of box.waiting(outbox)) await this.retry(room, pending.clientId);
    }
  }

  /** Cancels what still runs and takes it out of the room. */
  discard(room: string, clientId: string): void {
    this.#transfers.get(clientId)?.cancel();
    this.#remove(room, (outbox) => box.remove(outbox, clientId));
  }

  /** Something arrived by another way, for instance in a page of history. */
  settle(room: string, messages: readonly Message[]): void {
    if (this.of(room).length > 0) this.#remove(room, (outbox) => box.settle(outbox, messages));
  }

  #begin(room: string, content: string, replyTo: Quote | null, file: File | null): Pending {
    const clientId = newClientId();
    const isImage = file?.type.startsWith('image/') ?? false;
    const pending: Pending = {
      clientId,
      content,
      replyTo,
      createdAt: new Date(),
      state: 'sending',
      error: null,
      file: file && {
        name: file.name,
        sizeBytes: file.size,
        mediaType: file.type,
        preview: isImage ? URL.createObjectURL(file) : null,
        progress: 0,
      },
    };
    if (file) this.#transfers.set(clientId, { file, cancel: () => undefined });
    this.#change(room, (outbox) => box.add(outbox, pending));
    return pending;
  }

  /** Over the stream when it stands, else over REST. The client_id makes a second try harmless. */
  async #deliver(room: string, pending: Pending): Promise<void> {
    const message = newMessage(pending);
    try {
      if (live.isOpen && live.browserOnline) {
        try {
          await live.request({ type: 'send', room, ...message });
          this.#change(room, (outbox) => box.markSent(outbox, pending.clientId));
          return;
        } catch (cause) {
          if (!(cause instanceof ApiError && cause.isOffline)) throw cause;
        }
      }
      this.#arrived(await api.postMessage(room, message), pending);
    } catch (cause) {
      this.#failed(room, pending.clientId, cause);
    }
  }

  #upload(room: string, pending: Pending, file: File): Promise<void> {
    const before = this.#uploads.get(room) ?? Promise.resolve();
    const upload = before.then(() => this.#transfer(room, pending, file));
    this.#uploads.set(room, upload);
    return upload;
  }

  async #transfer(room: string, pending: Pending, file: File): Promise<void> {
    // Discarded while it waited for the file before it.
    if (!this.#transfers.has(pending.clientId)) return;
    const upload = api.uploadFile(room, newMessage(pending), file, (fraction) =>
      this.#change(room, (outbox) => box.progress(outbox, pending.clientId, fraction)),
    );
    this.#transfers.set(pending.clientId, { file, cancel: upload.cancel });
    try {
      this.#arrived(await upload.done, pending);
    } catch (cause) {
      this.#failed(room, pending.clientId, cause);
    }
  }

  #arrived(message: Message, pending: Pending): void {
    live.inject({ type: 'message_created', message: { ...message, client_id: pending.clientId } });
  }

  #failed(room: string, clientId: string, cause: unknown): void {
    if (cause instanceof ApiError && cause.isOffline) {
      this.#change(room, (outbox) => box.wait(outbox, clientId, 'Not sent. It goes out when the connection is back.'));
    } else {
      const text = cause instanceof Error ? cause.message : 'Not sent.';
      this.#change(room, (outbox) => box.fail(outbox, clientId, text));
    }
  }

  #take(event: StreamEvent): void {
    if (event.type === 'message_created' && event.message.sender === session.me?.id) {
      this.settle(event.message.chat_room, [event.message]);
    }
  }

  #change(room: string, changed: (outbox: Outbox) => Outbox): void {
    this.#rooms = new Map(this.#rooms).set(room, changed(this.of(room)));
    if (session.me) keepOutbox(session.me.id, this.#rooms);
  }

  #remove(room: string, changed: (outbox: Outbox) => Outbox): void {
    const before = this.of(room);
    this.#change(room, changed);
    const after = new Set(this.of(room));
    before.filter((pending) => !after.has(pending)).forEach((pending) => this.#forget(pending));
  }

  #forget(pending: Pending): void {
    this.#transfers.delete(pending.clientId);
    if (pending.file?.preview) URL.revokeObjectURL(pending.file.preview);
  }
}

const newMessage = (pending: Pending): api.NewMessage => ({
  content: pending.content,
  client_id: pending.clientId,
  ...(pending.replyTo ? { reply_to: pending.replyTo.uuid } : {}),
});

export const sending = new Sending();

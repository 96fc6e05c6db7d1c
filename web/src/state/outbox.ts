// Messages shown before the server has them. Pure. Each is known by its client_id until its echo arrives.

import type { Message, Quote } from '../api/types';

export interface PendingFile {
  readonly name: string;
  readonly sizeBytes: number;
  readonly mediaType: string;
  /** blob: address of an image that is on its way. */
  readonly preview: string | null;
  /** 0 to 1. */
  readonly progress: number;
}

export interface Pending {
  readonly clientId: string;
  readonly content: string;
  readonly replyTo: Quote | null;
  readonly file: PendingFile | null;
  readonly createdAt: Date;
  /**
   * `sent`: the server has it, only the echo is still to come. `waiting`: nobody could be reached, it goes out with the
   * connection. `failed`: the server refused it, so a person has to decide.
   */
  readonly state: 'sending' | 'sent' | 'waiting' | 'failed';
  readonly error: string | null;
}

export type Outbox = readonly Pending[];

export const add = (outbox: Outbox, pending: Pending): Outbox => [...outbox, pending];

export const remove = (outbox: Outbox, clientId: string): Outbox =>
  outbox.some((pending) => pending.clientId === clientId)
    ? outbox.filter((pending) => pending.clientId !== clientId)
    : outbox;

const change = (outbox: Outbox, clientId: string, changed: (pending: Pending) => Pending): Outbox =>
  outbox.map((pending) => (pending.clientId === clientId ? changed(pending) : pending));

export const fail = (outbox: Outbox, clientId: string, error: string): Outbox =>
  change(outbox, clientId, (pending) => ({ ...pending, state: 'failed', error }));

export const wait = (outbox: Outbox, clientId: string, error: string): Outbox =>
  change(outbox, clientId, (pending) => ({ ...pending, state: 'waiting', error }));

/** What goes out when the connection is back, in the order it was written. */
export const waiting = (outbox: Outbox): Pending[] => outbox.filter((pending) => pending.state === 'waiting');

export const markSent = (outbox: Outbox, clientId: string): Outbox =>
  change(outbox, clientId, (pending) => ({ ...pending, state: 'sent', error: null }));

export const retry = (outbox: Outbox, clientId: string): Outbox =>
  change(outbox, clientId, (pending) => ({
    ...pending,
    state: 'sending',
    error: null,
    file: pending.file && { ...pending.file, progress: 0 },
  }));

export const progress = (outbox: Outbox, clientId: string, fraction: number): Outbox =>
  change(outbox, clientId, (pending) =>
    pending.file ? { ...pending, file: { ...pending.file, progress: Math.min(1, Math.max(0, fraction)) } } : pending,
  );

/** Drops what has arrived, by whatever way: an echo, an answer, a page of history. */
export function settle(outbox: Outbox, arrived: readonly Message[]): Outbox {
  const ids = new Set(arrived.map((message) => message.client_id).filter((id) => typeof id === 'string'));
  return outbox.some((pending) => ids.has(pending.clientId))
    ? outbox.filter((pending) => !ids.has(pending.clientId))
    : outbox;
}

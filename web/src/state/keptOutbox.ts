// Texts that are not sent yet, kept for as long as this tab lives, so that a reload does not lose them. Files cannot be kept.

import type { Pending } from './outbox';

export interface Kept {
  room: string;
  pending: Pending;
}

/** Per account: whoever signs in next in this tab must not send them. */
const key = (account: string): string => `parlor.outbox.${account}`;

export function keepOutbox(account: string, rooms: ReadonlyMap<string, readonly Pending[]>): void {
  const kept: Kept[] = [];
  for (const [room, outbox] of rooms) {
    for (const pending of outbox) {
      if (pending.file === null && pending.state !== 'sent') kept.push({ room, pending });
    }
  }
  try {
    if (kept.length === 0) sessionStorage.removeItem(key(account));
    else sessionStorage.setItem(key(account), JSON.stringify(kept));
  } catch {
    // Storage can be full or forbidden; the texts then live in the page alone.
  }
}

/** What an earlier page of this tab left behind. Sending again does no harm: the server knows the client_id. */
export function readOutbox(account: string): Kept[] {
  try {
    const kept = JSON.parse(sessionStorage.getItem(key(account)) ?? '[]') as Kept[];
    return kept.map(({ room, pending }) => ({
      room,
      pending: {
        ...pending,
        createdAt: new Date(pending.createdAt),
        state: pending.state === 'sending' ? 'waiting' : pending.state,
        error: pending.error ?? 'Not sent yet.',
      },
    }));
  } catch {
    return [];
  }
}

export function forgetOutbox(account: string): void {
  try {
    sessionStorage.removeItem(key(account));
  } catch {
    // Nothing was kept then.
  }
}

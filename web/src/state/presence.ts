// Who is online and who is typing. Pure.

import type { Id } from '../api/types';
import type { StreamEvent } from '../stream/frames';

export type Online = ReadonlySet<Id>;

export function applyOnline(online: Online, event: StreamEvent): Online {
  if (event.type !== 'presence') return online;
  const next = new Set(online);
  for (const id of event.online) next.add(id);
  for (const id of event.offline) next.delete(id);
  return next;
}

/** How long a typing mark lives without being renewed. */
export const TYPING_MS = 6_000;

/** Person to the time (ms) at which the mark expires, for one room. */
export type Typing = ReadonlyMap<Id, number>;

export function applyTyping(typing: Typing, event: StreamEvent, me: Id, nowMs: number): Typing {
  if (event.type === 'typing') {
    if (event.user === me) return typing;
    const next = new Map(typing);
    if (event.typing) next.set(event.user, nowMs + TYPING_MS);
    else next.delete(event.user);
    return next;
  }
  const done = event.type === 'message_created' ? event.message.sender : event.type === 'member_left' ? event.user : null;
  if (done === null || !typing.has(done)) return typing;
  const next = new Map(typing);
  next.delete(done);
  return next;
}

export function expireTyping(typing: Typing, nowMs: number): Typing {
  const live = [...typing].filter(([, until]) => until > nowMs);
  return live.length === typing.size ? typing : new Map(live);
}

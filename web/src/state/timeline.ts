// The loaded stretch of one room's history. Pure: every function returns a new timeline (or the same one, when nothing changed).
// The messages are ordered by seq and without holes between the ends, as far as the server has them.

import type { Message, MessagePage } from '../api/types';
import type { StreamEvent } from '../stream/frames';
import { excerpt } from './text';

export interface Timeline {
  readonly messages: readonly Message[];
  readonly hasBefore: boolean;
  readonly hasAfter: boolean;
}

export interface Applied {
  readonly timeline: Timeline;
  /** A message came whose predecessor is not here: read what lies between. */
  readonly gap: boolean;
}

/** How many messages one page keeps; the far end is let go and read again when wanted. */
export const KEPT_MESSAGES = 300;

/** Characters of a message that a quotation shows. */
export const QUOTE_CHARS = 140;

export const emptyTimeline: Timeline = { messages: [], hasBefore: false, hasAfter: false };

export const newest = (timeline: Timeline): Message | undefined => timeline.messages.at(-1);

/** Of two states of one message the later one: a retraction is final, and edits carry their time. What was told last wins a tie. */
function later(known: Message, told: Message): Message {
  if (known.is_deleted !== told.is_deleted) return known.is_deleted ? known : told;
  return (known.edited_at ?? '') > (told.edited_at ?? '') ? known : told;
}

function merge(known: readonly Message[], added: readonly Message[]): Message[] {
  const bySeq = new Map(known.map((message) => [message.seq, message]));
  for (const message of added) {
    const old = bySeq.get(message.seq);
    bySeq.set(message.seq, old === undefined ? message : later(old, message));
  }
  return [...bySeq.values()].sort((a, b) => a.seq - b.seq);
}

export const fromPage = (page: MessagePage): Timeline => ({
  messages: merge([], page.messages),
  hasBefore: page.has_before,
  hasAfter: page.has_after,
});

export type Side = 'before' | 'after';

/** Joins a page that was read beyond one end. */
export function joinPage(timeline: Timeline, page: MessagePage, side: Side): Timeline {
  return {
    messages: merge(timeline.messages, page.messages),
    hasBefore: side === 'before' ? page.has_before : timeline.hasBefore,
    hasAfter: side === 'after' ? page.has_after : timeline.hasAfter,
  };
}

/** Keeps at most `kept` messages, letting go of those at `side`. */
export function trim(timeline: Timeline, side: Side, kept = KEPT_MESSAGES): Timeline {
  if (timeline.messages.length <= kept) return timeline;
  return side === 'before'
    ? { ...timeline, messages: timeline.messages.slice(-kept), hasBefore: true }
    : { ...timeline, messages: timeline.messages.slice(0, kept), hasAfter: true };
}

const unchanged = (timeline: Timeline): Applied => ({ timeline, gap: false });

/** Takes one event of this room. Repeats change nothing; so do messages beyond an end that is not loaded. */
export function apply(timeline: Timeline, event: StreamEvent): Applied {
  switch (event.type) {
    case 'message_created':
      return append(timeline, event.message);
    case 'message_updated':
    case 'message_deleted':
      return unchanged(replace(timeline, event.message));
    case 'person_updated':
      return unchanged(rename(timeline, event.user.id, event.user.display_name));
    default:
      return unchanged(timeline);
  }
}

function append(timeline: Timeline, message: Message): Applied {
  const last = newest(timeline);
  if (last !== undefined && message.seq <= last.seq) return unchanged(timeline);
  if (timeline.hasAfter) return unchanged(timeline);
  if (last !== undefined && message.seq > last.seq + 1) return { timeline, gap: true };
  if (last === undefined && timeline.hasBefore) return { timeline, gap: true };
  return unchanged({ ...timeline, messages: [...timeline.messages, message] });
}

function replace(timeline: Timeline, message: Message): Timeline {
  const at = timeline.messages.findIndex((known) => known.uuid === message.uuid);
  const known = timeline.messages[at];
  if (known === undefined) return timeline;
  const next = later(known, message);
  return next === known ? timeline : { ...timeline, messages: requote(timeline.messages.with(at, next), next) };
}

/** Quotations say what the quoted message says now; nothing, once it is deleted. */
function requote(messages: Message[], quoted: Message): Message[] {
  const text = quoted.is_deleted ? '' : excerpt(quoted.content || (quoted.attachment?.name ?? ''), QUOTE_CHARS);
  return messages.map((message) =>
    message.reply_to?.uuid === quoted.uuid ? { ...message, reply_to: { ...message.reply_to, excerpt: text } } : message,
  );
}

function rename(timeline: Timeline, person: string, name: string): Timeline {
  const stale = (message: Message): boolean => message.sender === person && message.sender_name !== name;
  if (!timeline.messages.some(stale)) return timeline;
  const messages = timeline.messages.map((message) => (stale(message) ? { ...message, sender_name: name } : message));
  return { ...timeline, messages };
}

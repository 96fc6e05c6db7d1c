// How a room's messages are laid out: days, the unread mark, and runs of one author. Pure.

import type { Id, Message } from '../api/types';
import type { Pending } from './outbox';
import { dayKey, dayLabel } from './time';

export interface Day {
  key: string;
  label: string;
  rows: Row[];
}

export interface UnreadRow {
  kind: 'unread';
  key: string;
}

export interface MessageRow {
  kind: 'message';
  key: Id;
  message: Message;
  own: boolean;
  /** First of its run: shows who speaks. */
  first: boolean;
}

export interface PendingRow {
  kind: 'pending';
  key: string;
  pending: Pending;
  first: boolean;
}

export type Row = UnreadRow | MessageRow | PendingRow;

const RUN_MS = 5 * 60_000;

export interface LayOut {
  messages: readonly Message[];
  outbox: readonly Pending[];
  me: Id;
  /** The read mark when the room was opened: what comes after it is new. Null: nothing is. */
  readUpTo: number | null;
  now: Date;
}

export function layOut({ messages, outbox, me, readUpTo, now }: LayOut): Day[] {
  const days: Day[] = [];
  let previous: MessageRow | null = null;
  let marked = readUpTo === null;
  for (const message of messages) {
    const known = days.length;
    const day = dayFor(days, new Date(message.timestamp), now);
    if (days.length > known) previous = null;
    if (!marked && readUpTo !== null && message.seq > readUpTo && message.sender !== me) {
      marked = true;
      previous = null;
      day.rows.push({ kind: 'unread', key: 'unread' });
    }
    const first: boolean = previous === null || !sameRun(previous.message, message);
    previous = { kind: 'message', key: message.uuid, message, own: message.sender === me, first };
    day.rows.push(previous);
  }
  for (const pending of outbox) {
    const day = dayFor(days, pending.createdAt, now);
    const before = day.rows.at(-1);
    const first = before?.kind !== 'pending' && !(before?.kind === 'message' && before.own);
    day.rows.push({ kind: 'pending', key: `pending-${pending.clientId}`, pending, first });
  }
  return days;
}

/** The last day when `time` falls into it, else a new one. Order is the messages' own: clocks may go back. */
function dayFor(days: Day[], time: Date, now: Date): Day {
  const key = dayKey(time);
  const last = days.at(-1);
  if (last?.key.startsWith(`${key}.`)) return last;
  const repeats = days.filter((day) => day.key.startsWith(`${key}.`)).length;
  const day: Day = { key: `${key}.${repeats}`, label: dayLabel(time, now), rows: [] };
  days.push(day);
  return day;
}

function sameRun(before: Message, after: Message): boolean {
  const apart = Date.parse(after.timestamp) - Date.parse(before.timestamp);
  // A role that changed in between is shown, so it begins a new run.
  return before.sender === after.sender && before.sender_role === after.sender_role && apart < RUN_MS;
}

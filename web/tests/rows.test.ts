import { describe, expect, it } from 'vitest';
import type { Message } from '../src/api/types';
import type { Pending } from '../src/state/outbox';
import { layOut } from '../src/state/rows';
import { ANNA, message } from './samples';

const at = (day: number, hour: number, minute: number): string => new Date(2025, 4, day, hour, minute).toISOString();
const now = new Date(2025, 4, 6, 12, 0);
const lay = (messages: Message[], readUpTo: number | null = null, outbox: Pending[] = []) =>
  layOut({ messages, outbox, me: ANNA, readUpTo, now });
const firsts = (messages: Message[]) =>
  lay(messages).flatMap((day) => day.rows.map((row) => row.kind === 'message' && row.first));

describe('days', () => {
  it('stand over their messages', () => {
    const days = lay([message(1, { timestamp: at(5, 9, 0) }), message(2, { timestamp: at(6, 9, 0) })]);
    expect(days.map((day) => [day.label, day.rows.length])).toEqual([['Yesterday', 1], ['Today', 1]]);
  });

  it('have keys of their own even when a clock went back', () => {
    const days = lay([1, 2, 3].map((seq) => message(seq, { timestamp: at(seq === 2 ? 6 : 5, 9, 0) })));
    expect(new Set(days.map((day) => day.key)).size).toBe(3);
  });
});

describe('runs', () => {
  it('join what one person writes within five minutes', () => {
    expect(firsts([message(1, { timestamp: at(6, 9, 0) }), message(2, { timestamp: at(6, 9, 4) })])).toEqual([true, false]);
    expect(firsts([message(1, { timestamp: at(6, 9, 0) }), message(2, { timestamp: at(6, 9, 6) })])).toEqual([true, true]);
  });

  it('end with another author', () => {
    const other = message(2, { timestamp: at(6, 9, 1), sender: ANNA });
    expect(firsts([message(1, { timestamp: at(6, 9, 0) }), other])).toEqual([true, true]);
  });

  it('end when their author has another role, which is shown', () => {
    const later = message(2, { timestamp: at(6, 9, 1), sender_role: 'seller' });
    expect(firsts([message(1, { timestamp: at(6, 9, 0) }), later])).toEqual([true, true]);
  });
});

describe('the unread mark', () => {
  const three = [1, 2, 3].map((seq) => message(seq, { timestamp: at(6, 9, seq), sender: seq === 2 ? ANNA : 'boris' }));
  const kinds = (readUpTo: number | null) => lay(three, readUpTo).flatMap((day) => day.rows.map((row) => row.kind));

  it('stands before the first new message of somebody else', () => {
    expect(kinds(1)).toEqual(['message', 'message', 'unread', 'message']);
  });

  it('is missing when nothing is new', () => {
    expect(kinds(3)).toEqual(['message', 'message', 'message']);
    expect(kinds(null)).toEqual(['message', 'message', 'message']);
  });
});

it('puts what is on its way at the end, under today', () => {
  const pending: Pending = {
    clientId: 'c1', content: 'x', replyTo: null, file: null, createdAt: now, state: 'sending', error: null,
  };
  const days = lay([message(1, { timestamp: at(5, 9, 0) })], null, [pending]);
  expect(days.at(-1)).toMatchObject({ label: 'Today', rows: [{ kind: 'pending', first: true }] });
});

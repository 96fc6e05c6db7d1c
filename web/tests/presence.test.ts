import { describe, expect, it } from 'vitest';
import { TYPING_MS, applyOnline, applyTyping, expireTyping } from '../src/state/presence';
import { ANNA, BORIS, ROOM, message } from './samples';

it('knows who is online', () => {
  const online = applyOnline(new Set([ANNA]), { type: 'presence', online: [BORIS], offline: [ANNA] });
  expect([...online]).toEqual([BORIS]);
});

describe('typing', () => {
  const typing = applyTyping(new Map(), { type: 'typing', room: ROOM, user: BORIS, typing: true }, ANNA, 1_000);

  it('expires by itself', () => {
    expect(expireTyping(typing, 1_000 + TYPING_MS - 1)).toBe(typing);
    expect(expireTyping(typing, 1_000 + TYPING_MS).size).toBe(0);
  });

  it('ends when the message arrives', () => {
    expect(applyTyping(typing, { type: 'message_created', message: message(1) }, ANNA, 2_000).size).toBe(0);
  });

  it('does not show one’s own', () => {
    expect(applyTyping(new Map(), { type: 'typing', room: ROOM, user: ANNA, typing: true }, ANNA, 0).size).toBe(0);
  });
});

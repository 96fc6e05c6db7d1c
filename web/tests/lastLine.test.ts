import { expect, it } from 'vitest';
import { lastLine } from '../src/state/lastLine';
import { ANNA, BORIS, message, person, room } from './samples';

it('says who wrote what last', () => {
  expect(lastLine(room(), ANNA)).toBe('Boris: text 10');
  expect(lastLine(room({ last_message: message(10, { sender: ANNA }) }), ANNA)).toBe('You: text 10');
  expect(lastLine(room({ kind: 'direct', peer: person(BORIS) }), ANNA)).toBe('text 10');
});

it('has the topic, or a word of its own, while nothing was written', () => {
  expect(lastLine(room({ last_message: null, topic: 'Cars that are in' }), ANNA)).toBe('Cars that are in');
  expect(lastLine(room({ last_message: null, topic: '' }), ANNA)).toBe('No messages yet');
});

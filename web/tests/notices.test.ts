import { expect, it } from 'vitest';
import { shownMs } from '../src/state/notices.svelte';

it('a notice stays as long as its text takes to read, and bad news longer than good', () => {
  expect(shownMs({ kind: 'done', text: 'Room saved.' })).toBe(4_000);
  expect(shownMs({ kind: 'error', text: 'Short.' })).toBe(9_000);
  expect(shownMs({ kind: 'news', text: 'x'.repeat(300) })).toBe(20_000);
});

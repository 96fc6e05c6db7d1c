import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { above, at, below, inside } from '../src/api/base';

test('addresses go below the path of the site and come back', () => {
  for (const [folder, path, address] of [
    ['/', '/', '/'],
    ['/', '/room/7?x=1', '/room/7?x=1'],
    ['/chat/', '/', '/chat/'],
    ['/chat/', '/room/7', '/chat/room/7'],
    ['/chat/', '/chat/room/x/send/', '/chat/chat/room/x/send/'],
    ['/a/b/', '/people', '/a/b/people'],
  ] as const) {
    expect(below(folder, path)).toBe(address);
    expect(above(folder, address)).toBe(path);
  }
  expect(above('/chat/', '/chat')).toBe('/');
});

test('what is not of this site stays', () => {
  expect(below('/chat/', 'blob:https://a.example/1')).toBe('blob:https://a.example/1');
  expect(below('/chat/', 'https://a.example/')).toBe('https://a.example/');
  for (const pathname of ['/', '/chatter', '/Chat/', '/other/chat/']) expect(above('/chat/', pathname)).toBe(null);
});

test('without a word of the server the site is at the root', () => {
  expect(at('/people')).toBe('/people');
  expect(inside('/people')).toBe('/people');
});

test('no page builds an address without it', () => {
  const folder = join(import.meta.dirname, '../src');
  const pages = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.svelte'));
  expect(pages.length).toBeGreaterThan(20);
  for (const name of pages) {
    const text = readFileSync(join(folder, name), 'utf8');
    // Full addresses and pictures not yet sent are known to be none of the site's paths.
    const bare = text.match(/\b(?:href|src|action|poster)="\/[^"]*"|\{(?:href|src)\}|\b(?:href|src)=\{(?!at\(|segment\.href|pending\.)[^}]*\}/gu) ?? [];
    expect(bare, name).toEqual([]);
    expect(text, name).not.toContain('location.pathname');
  }
});

import { describe, expect, it } from 'vitest';
import { countChars, excerpt, formatBytes, initials, joinNames, linkify, toneOf } from '../src/state/text';

const links = (text: string): string[] => linkify(text).flatMap((segment) => segment.href ?? []);

describe('links', () => {
  it('are found in a sentence, without its punctuation', () => {
    expect(linkify('See https://a.example/b?c=1, please.')).toEqual([
      { text: 'See ' },
      { text: 'https://a.example/b?c=1', href: 'https://a.example/b?c=1' },
      { text: ', please.' },
    ]);
  });

  it('keep brackets that belong to them', () => {
    expect(links('(https://a.example/x_(y))')).toEqual(['https://a.example/x_(y)']);
  });

  it('are http and https only', () => {
    expect(links('javascript:alert(1) data:text/html,x ftp://a.example vbscript:x')).toEqual([]);
    expect(links('http://a.example HTTPS://B.example')).toEqual(['http://a.example/', 'https://b.example/']);
  });

  it('end at markup and quotes', () => {
    expect(links('<a href="https://a.example/">x</a>')).toEqual(['https://a.example/']);
  });

  it('lose nothing of the text', () => {
    for (const text of ['', 'https://', 'a\n\nb https://x.example\n', 'http://[ no', '😀 https://ü.example/ö']) {
      expect(linkify(text).map((segment) => segment.text).join('')).toBe(text);
    }
  });
});

it('counts Unicode scalar values', () => {
  expect(countChars('a😀é')).toBe(3);
  expect(countChars('👩‍🔧')).toBe(3);
});

it('makes one line of an excerpt and does not cut a character in two', () => {
  expect(excerpt('a\n b', 10)).toBe('a b');
  expect(excerpt('😀😀😀', 2)).toBe('😀…');
});

it('writes sizes in the unit one would choose', () => {
  expect([0, 1023, 1536, 26_214_400].map(formatBytes)).toEqual(['0 B', '1023 B', '1.5 KB', '25 MB']);
});

it('shortens names', () => {
  expect(['Anna Keller', 'boris', 'Ana Maria Ruiz', '***'].map(initials)).toEqual(['AK', 'B', 'AR', '?']);
  expect(joinNames(['A'])).toBe('A');
  expect(joinNames(['A', 'B', 'C'])).toBe('A, B and C');
  expect(joinNames(['A', 'B', 'C', 'D'])).toBe('A, B, C and 1 other');
});

it('gives a person always the same tone', () => {
  expect(toneOf('some-id', 8)).toBe(toneOf('some-id', 8));
  expect(toneOf('some-id', 8)).toBeLessThan(8);
});

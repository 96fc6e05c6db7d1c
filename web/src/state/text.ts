// Pure helpers for what people type and read.

/** Length as the server counts it: Unicode scalar values, not UTF-16 units. */
export function countChars(text: string): number {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}

export type Segment = { text: string; href?: string };

const LINK = /https?:\/\/[^\s<>"'`]+/giu;

/** Cuts a message into plain stretches and http(s) links. Escaping is left to the page, which only ever sets text. */
export function linkify(text: string): Segment[] {
  const segments: Segment[] = [];
  let from = 0;
  for (const match of text.matchAll(LINK)) {
    const address = trimLink(match[0]);
    const href = safeHref(address);
    if (href === null) continue;
    if (match.index > from) segments.push({ text: text.slice(from, match.index) });
    segments.push({ text: address, href });
    from = match.index + address.length;
  }
  if (from < text.length) segments.push({ text: text.slice(from) });
  return segments;
}

/** Punctuation that ends the sentence is not part of the address; a bracket is, when it was opened inside. */
function trimLink(link: string): string {
  let end = link.length;
  while (end > 0) {
    const last = link[end - 1] ?? '';
    const head = link.slice(0, end);
    if (/[.,:;!?…*_~]/u.test(last)) end -= 1;
    else if (last === ')' && count(head, ')') > count(head, '(')) end -= 1;
    else if (last === ']' && count(head, ']') > count(head, '[')) end -= 1;
    else break;
  }
  return link.slice(0, end);
}

const count = (text: string, char: string): number => text.split(char).length - 1;

function safeHref(address: string): string | null {
  try {
    const url = new URL(address);
    return url.protocol === 'http:' || url.protocol === 'https:' ? url.href : null;
  } catch {
    return null;
  }
}

/** One line for lists and announcements. */
export function excerpt(text: string, chars: number): string {
  const line = text.replace(/\s+/gu, ' ').trim();
  const all = [...line];
  return all.length <= chars ? line : `${all.slice(0, chars - 1).join('')}…`;
}

export function formatBytes(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  const units = ['KB', 'MB', 'GB', 'TB'];
  let value = bytes / 1024;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}

/** Up to two letters that stand for a name where there is no picture. */
export function initials(name: string): string {
  const words = name.replace(/[^\p{L}\p{N}\s]/gu, ' ').split(/\s+/u).filter(Boolean);
  const letters = [words[0], words.length > 1 ? words.at(-1) : undefined].map((word) => [...(word ?? '')][0] ?? '');
  return letters.join('').toUpperCase() || '?';
}

/** A stable number below `count` for an id: which of the tones a person gets. */
export function toneOf(id: string, count: number): number {
  let hash = 0;
  for (const char of id) hash = (hash * 31 + (char.codePointAt(0) ?? 0)) >>> 0;
  return hash % count;
}

export function joinNames(names: string[], shown = 3): string {
  if (names.length <= 1) return names[0] ?? '';
  if (names.length <= shown) return `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
  const others = names.length - shown;
  return `${names.slice(0, shown).join(', ')} and ${others} ${others === 1 ? 'other' : 'others'}`;
}

import { describe, expect, it } from 'vitest';
import { apply, emptyTimeline, fromPage, joinPage, trim } from '../src/state/timeline';
import type { Timeline } from '../src/state/timeline';
import type { StreamEvent } from '../src/stream/frames';
import { message, page, person } from './samples';

const created = (seq: number, more = {}): StreamEvent => ({ type: 'message_created', message: message(seq, more) });
const seqs = (timeline: Timeline): number[] => timeline.messages.map((one) => one.seq);

describe('a live message', () => {
  it('is added behind the newest', () => {
    const { timeline, gap } = apply(fromPage(page(1, 3)), created(4));
    expect(seqs(timeline)).toEqual([1, 2, 3, 4]);
    expect(gap).toBe(false);
  });

  it('changes nothing when it is told again', () => {
    const before = fromPage(page(1, 3));
    expect(apply(before, created(3)).timeline).toBe(before);
  });

  it('reports a gap instead of leaving a hole', () => {
    const before = fromPage(page(1, 3));
    expect(apply(before, created(5))).toEqual({ timeline: before, gap: true });
  });

  it('starts an empty room', () => {
    expect(seqs(apply(emptyTimeline, created(1)).timeline)).toEqual([1]);
  });

  it('waits beyond the end while one reads further up', () => {
    const before = fromPage(page(1, 3, { after: true }));
    expect(apply(before, created(40))).toEqual({ timeline: before, gap: false });
  });
});

describe('an edit', () => {
  const edited = message(2, { content: 'new', is_edited: true, edited_at: '2025-05-05T09:00:00.000000Z' });

  it('replaces the text in place', () => {
    const { timeline } = apply(fromPage(page(1, 3)), { type: 'message_updated', message: edited });
    expect(timeline.messages[1]?.content).toBe('new');
  });

  it('does not fall back to an older state that a page brings late', () => {
    const { timeline } = apply(fromPage(page(1, 3)), { type: 'message_updated', message: edited });
    expect(joinPage(timeline, page(1, 3), 'after').messages[1]?.content).toBe('new');
  });

  it('does not bring a deleted message back', () => {
    const tombstone = message(2, { is_deleted: true, content: null });
    const { timeline } = apply(fromPage(page(1, 3)), { type: 'message_deleted', message: tombstone });
    expect(apply(timeline, { type: 'message_updated', message: edited }).timeline.messages[1]?.is_deleted).toBe(true);
  });

  it('reaches the quotations of that message; a deleted one leaves them empty', () => {
    const quote = { uuid: 'm1', sender: 'boris', sender_name: 'Boris', excerpt: 'text 1' };
    const before = fromPage({ ...page(1, 1), messages: [message(1), message(2, { reply_to: quote })] });
    const quoted = (event: StreamEvent) => apply(before, event).timeline.messages[1]?.reply_to?.excerpt;
    expect(quoted({ type: 'message_updated', message: message(1, { content: 'new', edited_at: '2026' }) })).toBe('new');
    expect(quoted({ type: 'message_deleted', message: message(1, { content: null, is_deleted: true }) })).toBe('');
  });

  it('of a message that is not loaded changes nothing', () => {
    const before = fromPage(page(5, 8, { before: true }));
    expect(apply(before, { type: 'message_updated', message: edited }).timeline).toBe(before);
  });
});

describe('pages', () => {
  it('are joined in order and without doubles', () => {
    const joined = joinPage(fromPage(page(4, 6, { before: true })), page(1, 4), 'before');
    expect(seqs(joined)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(joined.hasBefore).toBe(false);
  });

  it('keep what is known about the other end', () => {
    expect(joinPage(fromPage(page(4, 6, { after: true })), page(1, 3), 'before').hasAfter).toBe(true);
  });

  it('are let go at the far end, which can be read again', () => {
    const kept = trim(fromPage(page(1, 10)), 'after', 4);
    expect(seqs(kept)).toEqual([1, 2, 3, 4]);
    expect(kept.hasAfter).toBe(true);
    expect(seqs(trim(fromPage(page(1, 10)), 'before', 4))).toEqual([7, 8, 9, 10]);
  });
});

it('shows a person by their new name', () => {
  const { timeline } = apply(fromPage(page(1, 2)), { type: 'person_updated', user: person('boris', 'Boris N.') });
  expect(timeline.messages.map((one) => one.sender_name)).toEqual(['Boris N.', 'Boris N.']);
});

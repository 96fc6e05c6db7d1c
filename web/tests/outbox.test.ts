import { describe, expect, it } from 'vitest';
import { add, fail, markSent, progress, retry, settle, wait, waiting } from '../src/state/outbox';
import type { Outbox, Pending } from '../src/state/outbox';
import { ANNA, message } from './samples';

const pending = (clientId: string, more: Partial<Pending> = {}): Pending => ({
  clientId,
  content: 'hello',
  replyTo: null,
  file: null,
  createdAt: new Date(0),
  state: 'sending',
  error: null,
  ...more,
});
const one: Outbox = add([], pending('c1'));

describe('a message on its way', () => {
  it('is gone when its echo arrives, by its client_id', () => {
    expect(settle(one, [message(4, { sender: ANNA, client_id: 'c1' })])).toEqual([]);
  });

  it('stays when somebody else’s message arrives', () => {
    expect(settle(one, [message(4), message(5, { client_id: 'c2' })])).toBe(one);
  });

  it('waits for the connection in the order it was written, unless the server refused it', () => {
    const three = [...one, pending('c2'), pending('c3')];
    const outbox = fail(wait(wait(three, 'c3', 'No connection.'), 'c1', 'No connection.'), 'c2', 'Too long.');
    expect(waiting(outbox).map((message) => message.clientId)).toEqual(['c1', 'c3']);
  });

  it('fails with a reason and can be tried again', () => {
    const failed = fail(one, 'c1', 'No connection.');
    expect(failed[0]).toMatchObject({ state: 'failed', error: 'No connection.' });
    expect(retry(failed, 'c1')[0]).toMatchObject({ state: 'sending', error: null });
  });

  it('is told apart from its neighbours', () => {
    const two = add(one, pending('c2'));
    expect(markSent(two, 'c2').map((item) => item.state)).toEqual(['sending', 'sent']);
  });

  it('keeps upload progress between 0 and 1, and starts again at 0', () => {
    const file = { name: 'a.pdf', sizeBytes: 9, mediaType: 'application/pdf', preview: null, progress: 0 };
    const upload = progress(add([], pending('c1', { file })), 'c1', 1.4);
    expect(upload[0]?.file?.progress).toBe(1);
    expect(retry(upload, 'c1')[0]?.file?.progress).toBe(0);
  });
});

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { backoffMs } from '../src/stream/backoff';
import { parseFrame } from '../src/stream/frames';
import type { StreamEvent } from '../src/stream/frames';
import { isRepeat, parsePosition } from '../src/stream/position';
import { EventStream } from '../src/stream/stream';
import type { StreamStatus } from '../src/stream/stream';
import { message } from './samples';

class FakeSocket {
  static all: FakeSocket[] = [];
  static get last(): FakeSocket {
    const socket = FakeSocket.all.at(-1);
    if (!socket) throw new Error('nothing connected');
    return socket;
  }

  sent: Record<string, unknown>[] = [];
  onmessage: ((event: { data: string }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;

  constructor(readonly url: string) {
    FakeSocket.all.push(this);
  }

  send(text: string): void {
    this.sent.push(JSON.parse(text) as Record<string, unknown>);
  }

  close(): void {}

  hears(frame: object): void {
    this.onmessage?.({ data: JSON.stringify(frame) });
  }

  breaks(code = 1006): void {
    this.onclose?.({ code });
  }
}

const hello = (more: object = {}) => ({
  type: 'hello', user: {}, position: 'e1-5', resumed: false, online: [], heartbeat_secs: 25, ...more,
});
const created = (position: string) => ({ type: 'message_created', message: message(1), position });

function connected() {
  const seen = { statuses: [] as StreamStatus[], events: [] as StreamEvent[], ended: 0, alive: true };
  const stream = new EventStream('ws://salon/ws/chat/', {
    onStatus: (status) => seen.statuses.push(status),
    onHello: () => undefined,
    onEvent: (event) => seen.events.push(event),
    onSessionEnded: () => (seen.ended += 1),
    isSessionAlive: () => Promise.resolve(seen.alive),
  });
  stream.start();
  return { stream, seen };
}

beforeEach(() => {
  FakeSocket.all = [];
  vi.useFakeTimers();
  vi.stubGlobal('WebSocket', FakeSocket);
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe('the stream', () => {
  it('resumes from the last position it heard', async () => {
    const { seen } = connected();
    FakeSocket.last.hears(hello());
    FakeSocket.last.hears(created('e1-9'));
    FakeSocket.last.breaks();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(FakeSocket.all).toHaveLength(2);
    expect(FakeSocket.last.url).toBe('ws://salon/ws/chat/?after=e1-9');
    expect(seen.statuses).toContain('waiting');
  });

  it('does not take an event twice after it resumed', async () => {
    const { seen } = connected();
    FakeSocket.last.hears(hello());
    FakeSocket.last.hears(created('e1-9'));
    FakeSocket.last.breaks();
    await vi.advanceTimersByTimeAsync(1_000);
    FakeSocket.last.hears(hello({ resumed: true, position: 'e1-10' }));
    FakeSocket.last.hears(created('e1-8'));
    FakeSocket.last.hears(created('e1-10'));
    expect(seen.events).toHaveLength(2);
  });

  it('starts anew from the position of a hello that did not resume', async () => {
    connected();
    FakeSocket.last.hears(hello());
    FakeSocket.last.breaks();
    await vi.advanceTimersByTimeAsync(1_000);
    FakeSocket.last.hears(hello({ position: 'e2-3' }));
    FakeSocket.last.breaks();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(FakeSocket.last.url).toContain('after=e2-3');
  });

  it('answers a command by its own ack or error', async () => {
    const { stream } = connected();
    FakeSocket.last.hears(hello());
    const first = stream.request({ type: 'read', message: 'm1' });
    const second = stream.request({ type: 'read', message: 'm2' });
    const [a, b] = FakeSocket.last.sent;
    FakeSocket.last.hears({ type: 'error', request_id: b?.['request_id'], status: 404, code: 'gone', detail: 'Gone.' });
    FakeSocket.last.hears({ type: 'ack', request_id: a?.['request_id'] });
    await expect(first).resolves.toMatchObject({ type: 'ack' });
    await expect(second).rejects.toMatchObject({ code: 'gone', message: 'Gone.' });
  });

  it('gives commands up when the connection breaks', async () => {
    const { stream } = connected();
    FakeSocket.last.hears(hello());
    const asked = stream.request({ type: 'ping' });
    FakeSocket.last.breaks();
    await expect(asked).rejects.toMatchObject({ isOffline: true });
  });

  it('ends with the session and does not come back', async () => {
    const { seen } = connected();
    FakeSocket.last.hears(hello());
    FakeSocket.last.breaks(4401);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(seen.ended).toBe(1);
    expect(FakeSocket.all).toHaveLength(1);
  });

  it('asks whether the session lives when it is not let in', async () => {
    const { seen } = connected();
    seen.alive = false;
    FakeSocket.last.breaks();
    await vi.advanceTimersByTimeAsync(0);
    expect(seen.ended).toBe(1);
  });

  it('notices a connection that has gone silent', async () => {
    connected();
    FakeSocket.last.hears(hello());
    await vi.advanceTimersByTimeAsync(25_000 + 10_000 + 1_000);
    expect(FakeSocket.all.length).toBeGreaterThan(1);
  });
});

describe('waiting', () => {
  it('doubles up to a ceiling and is spread', () => {
    expect(backoffMs(0, () => 1)).toBe(500);
    expect(backoffMs(3, () => 1)).toBe(4_000);
    expect(backoffMs(99, () => 1)).toBe(20_000);
    expect(backoffMs(3, () => 0)).toBe(2_000);
  });
});

describe('frames and positions', () => {
  it('leaves out what it does not know', () => {
    expect(parseFrame('{"type":"reaction_added"}')).toBeNull();
    expect(parseFrame('no json')).toBeNull();
    expect(parseFrame('null')).toBeNull();
    expect(parseFrame('{"type":"presence","online":[],"offline":[]}')).toMatchObject({ type: 'presence' });
    expect(parseFrame('{"type":"notification_seen","notification":"n1"}')).toMatchObject({ type: 'notification_seen' });
  });

  it('reads positions whose epoch has dashes of its own', () => {
    expect(parsePosition('a-b-17')).toEqual({ epoch: 'a-b', seq: 17 });
    expect(parsePosition('17')).toBeNull();
    expect(parsePosition('a-')).toBeNull();
  });

  it('takes a smaller number for a repeat only within one epoch', () => {
    expect(isRepeat('e1-9', 'e1-8')).toBe(true);
    expect(isRepeat('e1-9', 'e1-9')).toBe(false);
    expect(isRepeat('e1-9', 'e2-1')).toBe(false);
    expect(isRepeat(null, 'e1-1')).toBe(false);
  });
});

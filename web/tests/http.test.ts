import { afterEach, describe, expect, it, vi } from 'vitest';
import { allPages, call, toApiError } from '../src/api/http';

describe('an error answer', () => {
  it('speaks with the words of the problem document', () => {
    const body = JSON.stringify({ status: 422, code: 'validation_failed', detail: 'Look again.', errors: { name: ['Too long.'] } });
    expect(toApiError(422, body, null)).toMatchObject({
      status: 422, code: 'validation_failed', message: 'Look again.', fields: { name: ['Too long.'] },
    });
  });

  it('says how long to wait', () => {
    expect(toApiError(429, '{}', '12')).toMatchObject({ retryAfterSecs: 12, message: 'Too many attempts. Try again in 12 seconds.' });
  });

  it('copes with a proxy’s page', () => {
    expect(toApiError(502, '<html>Bad gateway</html>', null)).toMatchObject({ status: 502, code: 'status_502' });
  });
});

describe('a server that does not answer', () => {
  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  /** Answers nothing, and ends when it is called off. */
  function silence(): void {
    vi.useFakeTimers();
    const hang = (_: string, { signal }: { signal: AbortSignal }): Promise<never> =>
      new Promise((_done, fail) => signal.addEventListener('abort', () => fail(new DOMException('', 'AbortError'))));
    vi.stubGlobal('fetch', hang);
  }

  it('counts as unreachable after a while', async () => {
    silence();
    const asked = expect(call('GET', '/api/rooms')).rejects.toMatchObject({ isOffline: true });
    await vi.advanceTimersByTimeAsync(30_000);
    await asked;
  });

  it('is no error to whoever has stopped waiting', async () => {
    silence();
    const stop = new AbortController();
    const asked = expect(call('GET', '/api/rooms', { signal: stop.signal })).rejects.toMatchObject({ name: 'AbortError' });
    stop.abort();
    await asked;
  });
});

it('reads lists to their last page', async () => {
  const pages = [[1, 2], [3]];
  const all = await allPages(async (page) => ({
    total_items: 3, total_pages: 2, prev: page > 1, next: page < 2, data: pages[page - 1] ?? [],
  }));
  expect(all).toEqual([1, 2, 3]);
});

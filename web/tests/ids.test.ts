import { expect, it } from 'vitest';
import { newClientId } from '../src/state/ids';

it('makes UUIDs where the browser hides randomUUID', () => {
  const bare = { getRandomValues: crypto.getRandomValues.bind(crypto) } as Crypto;
  const ids = new Set(Array.from({ length: 50 }, () => newClientId(bare)));
  expect(ids.size).toBe(50);
  for (const id of ids) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/u);
});

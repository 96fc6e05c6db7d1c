// A story: a fresh server, a browser, and steps that build on one another. It ends with what no page may ever have done.

import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Visitors } from './browser.mjs';
import { Server } from './server.mjs';

/** A story that hangs is a failure, not a build that never ends. */
const LONGEST_STORY_MS = 180_000;

/** `play` gets the server, the visitors, and `step(name, action)`. */
export function story(name, settings, play) {
  test(name, { timeout: LONGEST_STORY_MS }, async (t) => {
    const server = await Server.start(settings);
    t.after(() => server.remove());
    const visitors = await Visitors.open(server);
    t.after(() => visitors.close());
    let broken = false;
    const step = (what, action) =>
      t.test(what, async (inner) => {
        if (broken) {
          inner.skip('a step before it failed');
          return;
        }
        try {
          await action();
        } catch (cause) {
          broken = true;
          await report(inner, `${name} - ${what}`, server, visitors);
          throw cause;
        }
      });
    await play({ server, visitors, step });
    await step('no page logged an error, broke its policy or asked another site', () => {
      for (const { name: who, watch } of visitors.windows) assert.deepEqual(watch.faults, [], who);
    });
  });
}

/** Pictures of all windows and the last lines of the log: what one wants to see after a failure. */
async function report(t, title, server, visitors) {
  const folder = join(tmpdir(), 'parlor-browser-failures');
  await mkdir(folder, { recursive: true });
  for (const { name, page, watch } of visitors.windows) {
    const path = join(folder, `${title} - ${name}.png`.replaceAll(/[^\w.-]+/gu, '_'));
    const seen = await page.screenshot({ path, timeout: 5_000 }).then(() => path, (cause) => cause.message);
    t.diagnostic(`${name} at ${page.url()}: ${seen} ${watch.faults.join(' | ')}`);
  }
  t.diagnostic(`server:\n${server.log.slice(-12).join('\n')}`);
}

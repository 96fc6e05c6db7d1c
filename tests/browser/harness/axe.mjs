// The accessibility rules (WCAG 2.1 A and AA, and good practice) over what a page shows at the moment.

import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { axeSource } from './tools.mjs';

const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice'];
/** A folder to keep a picture of every checked view in; nothing is kept without it. */
const pictures = process.env.PARLOR_SCREENSHOTS;

export async function accessible(page, view) {
  if (pictures) {
    await mkdir(pictures, { recursive: true });
    await page.screenshot({ path: join(pictures, `${view.replaceAll(/\W+/gu, '-')}.png`) });
  }
  // The page's own content policy forbids scripts that are put into it; the debugger may.
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(axeSource);
  const { violations } = await page.evaluate((tags) => window.axe.run(document, { runOnly: tags, resultTypes: ['violations'] }), RULES);
  const found = violations.map(({ id, nodes }) => `${id}: ${nodes.slice(0, 3).map((node) => `${node.target} ${node.failureSummary}`).join(' | ')}`);
  assert.deepEqual(found, [], view);
  assert.deepEqual(await page.evaluate(tooWide), [], `${view}: wider than there is room`);
}

/** What can be scrolled sideways: on no page of this client should anything be. */
function tooWide() {
  return [...document.querySelectorAll('*')]
    .filter((node) => node.scrollWidth > node.clientWidth && /auto|scroll/u.test(getComputedStyle(node).overflowX) && node.tagName !== 'TEXTAREA')
    .concat(document.documentElement.scrollWidth > document.documentElement.clientWidth ? [document.documentElement] : [])
    .map((node) => `${node.tagName.toLowerCase()}.${node.className}: ${node.scrollWidth} in ${node.clientWidth}`);
}

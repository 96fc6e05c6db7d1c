// One Chromium for a test file, and people in it: each with cookies and a window of their own.

import { access } from 'node:fs/promises';
import { chromium } from './tools.mjs';
import { Watch } from './watch.mjs';

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome', '/usr/bin/google-chrome-stable'];
/** Nothing of the browser's own traffic, so that what is left is the page's. */
const FLAGS = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync',
];
const LONGEST_WAIT_MS = 30_000;

export const DESK = { viewport: { width: 1280, height: 800 } };
export const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true, deviceScaleFactor: 2 };

async function executable() {
  const named = process.env.PARLOR_CHROMIUM;
  for (const place of named ? [named] : PLACES) {
    if (await access(place).then(() => true, () => false)) return place;
  }
  throw new Error(
    `Chromium is missing${named ? ` at ${named}` : ''}: install it (on Debian \`apt-get install chromium\`) ` +
      'or name its program in PARLOR_CHROMIUM.',
  );
}

export class Visitors {
  #browser;
  #server;
  windows = [];

  constructor(browser, server) {
    this.#browser = browser;
    this.#server = server;
  }

  static async open(server) {
    return new Visitors(await chromium.launch({ executablePath: await executable(), args: FLAGS }), server);
  }

  /** A window nobody is signed in to, or that of an account. `options` are those of a browser context. */
  async window(name, { account, ...options } = {}) {
    const context = await this.#browser.newContext({ locale: 'en-GB', baseURL: this.#server.origin, ...DESK, ...options });
    if (account) {
      const [cookie, value] = account.cookie.split('=');
      await context.addCookies([{ name: cookie, value, url: this.#server.origin }]);
    }
    const page = await context.newPage();
    page.setDefaultTimeout(LONGEST_WAIT_MS);
    const watch = new Watch(page, this.#server.origin);
    this.windows.push({ name, page, watch });
    return { page, watch, context };
  }

  async close() {
    await this.#browser.close();
  }
}

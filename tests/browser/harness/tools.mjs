// The packages of these tests are installed with the client's own, in web/node_modules.

import { createRequire } from 'node:module';

const require = createRequire(new URL('../../../web/package.json', import.meta.url));

export const { chromium } = require('playwright-core');

/** The accessibility checker, as a script to run inside a page. */
export const axeSource = require('axe-core').source;

// Every page on a phone: accessible, inside the window, and without a complaint of the browser.

import { PHONE } from './harness/browser.mjs';
import { tour } from './harness/tour.mjs';

tour('phone', PHONE);

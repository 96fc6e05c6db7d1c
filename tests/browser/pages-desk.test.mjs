// Every page on a desk: accessible, inside the window, and without a complaint of the browser.

import { DESK } from './harness/browser.mjs';
import { tour } from './harness/tour.mjs';

tour('desk', DESK);

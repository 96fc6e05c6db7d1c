// The server stops, hangs, is killed and comes back; the network goes away. Nothing is lost and nothing is said twice.

import assert from 'node:assert/strict';
import { register } from './harness/api.mjs';
import { box, chat, log, message, openChat, say, shownOnce } from './harness/parts.mjs';
import { story } from './harness/story.mjs';
import { UNREACHABLE } from './harness/watch.mjs';

const banner = (page) => page.getByText('Reconnecting…');

// The server remembers few events, so that being away a little is resumed and being away longer is a gap.
const SETTINGS = { PARLOR_LIMITS_RESUME_EVENTS: '16' };

story('the server and the network go away', SETTINGS, async ({ server, visitors, step }) => {
  const annaAccount = await register(server, 'anna', 'Anna', 'Keller');
  const borisAccount = await register(server, 'boris', 'Boris', 'Novak');
  const workshop = await annaAccount.room('Workshop');
  await borisAccount.room('Workshop');
  const { page: anna, watch, context } = await visitors.window('anna', { account: annaAccount });
  const { page: boris, watch: borisWatch } = await visitors.window('boris', { account: borisAccount });
  for (const one of [watch, borisWatch]) one.allow(UNREACHABLE);
  await Promise.all([anna.goto('/'), boris.goto('/')]);
  await Promise.all([openChat(anna, 'Workshop'), openChat(boris, 'Workshop')]);

  await step('a server that hangs: the message stands there as being sent, and arrives once', async () => {
    server.freeze();
    await say(anna, 'Said to a frozen server');
    await log(anna).getByRole('article', { name: 'You, sending' }).getByText('Said to a frozen server').waitFor();
    server.thaw();
    await message(boris, 'Said to a frozen server').waitFor();
    await log(anna).getByRole('article', { name: 'You, sending' }).waitFor({ state: 'hidden' });
    await shownOnce(anna, 'Said to a frozen server');
  });

  await step('a killed server: the message is kept as not sent, and can be discarded', async () => {
    await server.kill();
    await banner(anna).waitFor();
    await say(anna, 'Said to nobody');
    await say(anna, 'Better not');
    const failed = log(anna).getByRole('article', { name: 'You, not sent' });
    await failed.filter({ hasText: 'Said to nobody' }).getByRole('button', { name: 'Retry' }).waitFor();
    await failed.filter({ hasText: 'Better not' }).getByRole('button', { name: 'Discard' }).click();
    await failed.filter({ hasText: 'Better not' }).waitFor({ state: 'hidden' });
    await failed.filter({ hasText: 'Said to nobody' }).getByRole('button', { name: 'Retry' }).click();
    await failed.filter({ hasText: 'Said to nobody' }).waitFor();
  });

  await step('when it is back, both are connected again and what was not sent goes out by itself', async () => {
    await server.startAgain();
    await Promise.all([banner(anna).waitFor({ state: 'hidden' }), banner(boris).waitFor({ state: 'hidden' })]);
    await message(boris, 'Said to nobody').waitFor();
    await log(anna).getByRole('article', { name: 'You, not sent' }).waitFor({ state: 'hidden' });
    await shownOnce(anna, 'Said to nobody');
    assert.equal(await message(boris, 'Better not').count(), 0);
  });

  await step('offline, one is told, and on return sees what was missed, in order', async () => {
    await context.setOffline(true);
    await anna.getByText('You are offline').waitFor();
    await say(anna, 'Written offline');
    await log(anna).getByRole('article', { name: 'You, not sent' }).waitFor();
    for (let at = 1; at <= 70; at += 1) await borisAccount.post(workshop.id, `missed ${at}`);
    await context.setOffline(false);
    await message(anna, 'missed 70').waitFor();
    await message(boris, 'Written offline').waitFor();
    await anna.getByText('You are offline').waitFor({ state: 'hidden' });
    const missed = await log(anna).evaluate((node) => node.textContent.match(/missed \d+/gu));
    assert.deepEqual(missed, Array.from({ length: 70 }, (_, at) => `missed ${at + 1}`));
    await shownOnce(anna, 'Written offline');
  });

  await step('away for longer than the server remembers, the list and the room are read anew', async () => {
    const garage = await borisAccount.room('Garage');
    await annaAccount.room('Garage');
    await chat(anna, 'Garage').waitFor();
    await server.kill();
    await banner(anna).waitFor();
    // The pages find the server again only after these were said.
    await anna.route('**/api/**', (route) => route.abort('connectionrefused'));
    await anna.routeWebSocket('**/ws/chat/**', (socket) => socket.close());
    await server.startAgain();
    await borisAccount.post(garage.id, 'Said in the garage');
    for (let at = 1; at <= 40; at += 1) await borisAccount.post(workshop.id, `Said in the workshop, ${at}`);
    await anna.unrouteAll();
    await anna.routeWebSocket('**/ws/chat/**', (socket) => void socket.connectToServer());
    await message(anna, 'Said in the workshop, 40').waitFor();
    const said = await log(anna).evaluate((node) => node.textContent.match(/Said in the workshop, \d+/gu));
    assert.deepEqual(said, Array.from({ length: 40 }, (_, at) => `Said in the workshop, ${at + 1}`));
    await chat(anna, 'Garage').getByText('Said in the garage').waitFor();
    await chat(anna, 'Garage').getByText('1 unread').waitFor();
  });

  await step('what was typed is still there after the page is loaded again', async () => {
    await box(anna).fill('half a sentence');
    await anna.reload();
    await box(anna).waitFor();
    assert.equal(await box(anna).inputValue(), 'half a sentence');
  });

  await step('what could not be sent survives loading the page again, and goes out', async () => {
    await anna.route('**/api/rooms/*/messages', (route) => (route.request().method() === 'POST' ? route.abort('connectionrefused') : route.continue()));
    await anna.routeWebSocket('**/ws/chat/**', (socket) => socket.close());
    await anna.reload();
    await box(anna).waitFor();
    await say(anna, 'Written before the reload');
    const unsent = log(anna).getByRole('article', { name: 'You, not sent' });
    await unsent.getByText('Written before the reload').waitFor();
    await anna.reload();
    await unsent.getByText('Written before the reload').waitFor();
    await anna.unrouteAll();
    await anna.routeWebSocket('**/ws/chat/**', (socket) => void socket.connectToServer());
    await message(boris, 'Written before the reload').waitFor();
    await unsent.waitFor({ state: 'hidden' });
    await shownOnce(anna, 'Written before the reload');
  });

  await step('a page opened while there is no server waits for it', async () => {
    await server.kill();
    const { page: early, watch: earlyWatch } = await visitors.window('early', { account: borisAccount });
    earlyWatch.allow(UNREACHABLE);
    await assert.rejects(early.goto('/'), /ERR_CONNECTION_REFUSED/u);
    await anna.getByRole('link', { name: 'People', exact: true }).click();
    await anna.getByText('Parlor cannot be reached.').waitFor();
    await server.startAgain();
    await banner(anna).waitFor({ state: 'hidden' });
    // The page reads again by itself.
    await anna.getByRole('list', { name: 'People' }).getByText('Boris Novak').waitFor();
    await anna.getByText('Parlor cannot be reached.').waitFor({ state: 'hidden' });
  });
});

// A walk through every page and every state of a page worth a look, each checked for accessibility.

import { accessible } from './axe.mjs';
import { PASSWORD, register, setUp } from './api.mjs';
import { box, chat, heading, log, message, newChat, signIn } from './parts.mjs';
import { story } from './story.mjs';
import { UNREACHABLE } from './watch.mjs';

const SCHEMES = ['light', 'dark'];

/** What the walk finds: an administrator and two people with rooms, long texts, files, a deleted and an edited message. */
async function furnish(server) {
  const olga = await setUp(server);
  const [anna, boris] = await Promise.all([
    register(server, 'anna', 'Anna', 'Keller'),
    register(server, 'boris', 'Boris', 'Novak'),
  ]);
  await register(server, 'mei', 'Mei', 'Tanaka');
  const workshop = await anna.room('Workshop');
  await boris.room('Workshop');
  await olga.room('Workshop');
  await anna.call('PATCH', `/api/rooms/${workshop.id}`, { topic: 'Cars that are in, and what they need' });
  const first = await boris.post(workshop.id, 'The Octavia goes out at four. Who has the keys?');
  await anna.post(workshop.id, 'I do. They are on the board, see https://salon.example/keys', { reply_to: first.uuid });
  const wrong = await anna.post(workshop.id, 'At fife');
  await anna.call('PATCH', `/api/messages/${wrong.uuid}`, { content: 'At five' });
  const gone = await boris.post(workshop.id, 'Never mind');
  await boris.call('DELETE', `/api/messages/${gone.uuid}`);
  await boris.post(workshop.id, `A long word: ${'Donaudampfschifffahrt'.repeat(12)}`);
  await anna.call('POST', '/api/rooms', { kind: 'private', name: 'Price list', topic: 'Winter tyres', members: [boris.id] });
  const direct = await boris.direct(anna);
  await boris.post(direct.id, 'Saturday at ten?');
  await olga.room('public-chat');
  return { olga, anna, boris, workshop, direct };
}

async function inFront(visitors, options, look) {
  const { page, watch } = await visitors.window('guest', options);
  watch.allow(/status of 401/u);
  await page.goto('/people');
  await heading(page, 'Sign in').waitFor();
  await look(page, 'sign in');
  await signIn(page, 'anna', 'not the password');
  await page.getByRole('alert').filter({ hasText: /\S/u }).waitFor();
  await look(page, 'sign in refused');
  await page.goto('/register?code=ABC');
  await heading(page, 'Create an account').waitFor();
  await look(page, 'register');
  await page.goto('/setup?token=x');
  await heading(page, 'Parlor is set up').waitFor();
  await look(page, 'set up already');
  await signInAnew(page);
  await look(page, 'no chats yet');
}

async function signInAnew(page) {
  await page.goto('/signin');
  await signIn(page, 'mei', PASSWORD);
  await page.getByRole('button', { name: 'Join public-chat' }).waitFor();
}

async function lists(page, look) {
  await page.goto('/');
  await chat(page, 'Workshop').waitFor();
  await look(page, 'chats');
  await page.getByRole('button', { name: 'New chat' }).click();
  await look(page, 'new chat');
  await page.keyboard.press('Escape');
  await newChat(page, 'Find or make a public room');
  await page.getByLabel('Room name').fill('Paint shop');
  await page.getByRole('button', { name: /Make room/u }).waitFor();
  await look(page, 'find a room');
  await page.getByRole('button', { name: 'Close', exact: true }).click();
  await newChat(page, 'New private room');
  await page.getByRole('list', { name: 'People found' }).getByRole('button', { name: /Mei Tanaka/u }).click();
  await look(page, 'private room');
  await page.getByRole('button', { name: 'Cancel' }).click();
  await page.keyboard.press('Control+k');
  await page.getByRole('combobox', { name: 'Room to switch to' }).fill('w');
  await look(page, 'switch room');
  await page.keyboard.press('Escape');
}

async function room(page, look, isTouch, world) {
  const point = (target) => (isTouch ? target.tap() : target.hover());
  const press = (target) => (isTouch ? target.tap() : target.click());
  // A mouse that was here before must not hover over anything while fingers do the rest.
  if (isTouch) await page.mouse.move(1, 1);
  await press(chat(page, 'Workshop'));
  await message(page, 'The Octavia').first().waitFor();
  await look(page, 'room');
  await point(log(page).getByText('At five', { exact: true }));
  await message(page, 'At five').getByRole('group', { name: 'Message actions' }).waitFor();
  await look(page, 'message actions');
  await press(page.getByRole('button', { name: 'Delete', exact: true }));
  await look(page, 'delete a message');
  await press(page.getByRole('dialog').getByRole('button', { name: 'Cancel' }));
  await point(log(page).getByText('Who has the keys?').first());
  await press(page.getByRole('button', { name: 'Reply', exact: true }));
  await box(page).fill('x'.repeat(3_900));
  await page.getByText('100 characters left').waitFor();
  await look(page, 'reply near the limit');
  await page.keyboard.press('Escape');
  await box(page).fill('');
  const chooser = page.waitForEvent('filechooser');
  await page.getByRole('button', { name: 'Attach files' }).click();
  await (await chooser).setFiles({ name: 'an offer with a rather long name for a car.pdf', mimeType: 'application/pdf', buffer: Buffer.alloc(200_000) });
  await page.getByRole('list', { name: 'Files to send' }).waitFor();
  await look(page, 'files to send');
  await page.getByRole('button', { name: /^Remove an offer/u }).click();
  await page.getByRole('link', { name: 'Room details' }).click();
  await page.getByRole('list', { name: 'Members' }).getByText('Boris Novak').waitFor();
  await look(page, 'room details');
  await page.goto(`/room/${world.direct.id}`);
  await message(page, 'Saturday at ten?').waitFor();
  await look(page, 'direct chat');
}

async function trouble(page, watch, look) {
  watch.allow(UNREACHABLE);
  watch.allow(/status of 404/u);
  await page.context().setOffline(true);
  await page.getByText('You are offline').waitFor();
  await box(page).fill('Written offline');
  await page.getByRole('button', { name: 'Send', exact: true }).click();
  await log(page).getByRole('button', { name: 'Retry' }).waitFor();
  await look(page, 'not sent');
  await log(page).getByRole('button', { name: 'Discard' }).click();
  await page.context().setOffline(false);
  await page.getByText('You are offline').waitFor({ state: 'hidden' });
  await page.goto('/room/00000000-0000-7000-8000-000000000000');
  await page.getByText('This room is not here').waitFor();
  await look(page, 'no such room');
  await page.goto('/nowhere');
  await heading(page, 'There is no such page').waitFor();
  await look(page, 'no such page');
}

async function others(page, look) {
  await page.goto('/people');
  await page.getByRole('button', { name: 'Create code' }).click();
  await page.getByText('It is shown only now').waitFor();
  await page.getByRole('button', { name: 'Administer Boris Novak' }).click();
  await look(page, 'people and administration');
  await page.goto('/account');
  await page.getByText('This device').waitFor();
  await look(page, 'account');
}

/** The whole walk on one kind of device, in light and in dark colours. */
export function tour(device, options) {
  for (const colorScheme of SCHEMES) {
    story(`every page on a ${device}, ${colorScheme}`, {}, async ({ server, visitors, step }) => {
      const fresh = { ...options, colorScheme, reducedMotion: 'reduce' };
      const look = (page, view) => accessible(page, `${device} ${colorScheme} ${view}`);
      const { page: first } = await visitors.window('first', fresh);
      await step('before anybody is there', async () => {
        await first.goto(server.setUpLink);
        await heading(first, 'Set up Parlor').waitFor();
        await look(first, 'set up');
      });
      const world = await furnish(server);
      const { page, watch } = await visitors.window('anna', { account: world.anna, ...fresh });
      const { page: olga } = await visitors.window('olga', { account: world.olga, ...fresh });
      await step('in front of the door', () => inFront(visitors, fresh, look));
      await step('lists and dialogs', () => lists(page, look));
      await step('a room', () => room(page, look, options.hasTouch === true, world));
      await step('people and account', () => others(olga, look));
      await step('when something is wrong', () => trouble(page, watch, look));
    });
  }
}

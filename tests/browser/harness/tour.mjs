// A walk through every page and every state of a page worth a look, each checked for accessibility.

import { accessible } from './axe.mjs';
import { PASSWORD, register, setUp } from './api.mjs';
import { box, chair, chat, heading, inbox, log, message, newChat, notifications, signIn } from './parts.mjs';
import { story } from './story.mjs';
import { UNREACHABLE } from './watch.mjs';

const SCHEMES = ['light', 'dark'];

/** What the walk finds: an administrator and people with rooms, long texts, a deleted and an edited message, and a salon. */
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
  return { olga, anna, boris, workshop, direct, salon: await furnishSalon(server, anna, boris) };
}

/** A salon whose seller is Boris, with a request that was rejected and one that waits. */
async function furnishSalon(server, anna, boris) {
  const vera = await register(server, 'vera', 'Vera', 'Lind');
  const salon = await anna.call('POST', '/api/auto_salon', { name: 'Garage Nord', location: 'Hafenstraße 12, Kiel' });
  const ask = (account, role, more = {}) =>
    account.call('POST', '/api/invitation_to_auto_salon', { auto_salon: salon.id, role, ...more });
  const decide = (invitation, how, body = {}) =>
    anna.call('PATCH', `/api/invitation_to_auto_salon/${invitation.id}/${how}`, body);
  await decide(await ask(vera, 'seller'), 'rejected', { reason: 'We look for somebody who knows diesel engines' });
  await decide(await ask(boris, 'seller'), 'approved');
  await ask(vera, 'mechanic');
  return { id: salon.id, vera };
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

async function salons(page, look) {
  await page.goto('/salons');
  await page.getByText('Your seat: Superuser').waitFor();
  await look(page, 'salons');
  await page.getByRole('link', { name: 'Garage Nord' }).click();
  await inbox(page).getByText('Vera Lind').waitFor();
  await look(page, 'a salon one leads');
  await inbox(page).getByRole('button', { name: /^Reject/u }).click();
  await look(page, 'reject with a reason');
  await page.getByRole('button', { name: 'Cancel' }).click();
  await chair(page, 'Admin').getByRole('button', { name: 'Offer this seat to somebody' }).click();
  await page.getByRole('dialog').getByRole('button', { name: /Mei Tanaka/u }).click();
  await look(page, 'offer a seat');
  await page.getByRole('dialog').getByRole('button', { name: 'Offer', exact: true }).click();
  await chair(page, 'Admin').getByText('You offered them').waitFor();
  await page.getByRole('list', { name: 'Log of decisions' }).scrollIntoViewIfNeeded();
  await look(page, 'an offer and the log');
  await chair(page, 'Superuser').getByRole('button', { name: 'Give up this seat' }).click();
  await look(page, 'leave a salon');
  await page.getByRole('button', { name: 'Hand it over' }).click();
  await look(page, 'hand a salon over');
  await page.getByRole('button', { name: 'Cancel' }).click();
  await page.getByRole('button', { name: 'Salon actions' }).click();
  await page.getByRole('menuitem', { name: 'Close the salon' }).click();
  await look(page, 'close a salon');
  await page.getByRole('button', { name: 'Cancel' }).click();
  await page.getByRole('link', { name: 'Open the staff room' }).click();
  await box(page).waitFor();
  await page.getByRole('link', { name: 'Room details' }).click();
  await page.getByRole('link', { name: 'Salon’s page' }).waitFor();
  await look(page, 'staff room details');
  await page.goto('/invitations');
  await inbox(page).getByText('Vera Lind').waitFor();
  await look(page, 'requests to decide');
}

async function applicant(page, watch, look, world) {
  watch.allow(/status of 404/u);
  await page.goto('/invitations');
  await notifications(page).getByText('diesel engines').waitFor();
  await look(page, 'notifications');
  await page.goto(`/salons/${world.salon.id}`);
  await chair(page, 'Mechanic').getByText('You asked').waitFor();
  await look(page, 'a salon one asks to join');
  await page.getByRole('link', { name: 'All salons' }).click();
  await page.getByRole('button', { name: 'Found a salon' }).click();
  await look(page, 'found a salon');
  await page.getByRole('button', { name: 'Cancel' }).click();
  await page.goto('/salons/00000000-0000-7000-8000-000000000000');
  await page.getByText('This salon is not here').waitFor();
  await look(page, 'no such salon');
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
      const { page: vera, watch: veras } = await visitors.window('vera', { account: world.salon.vera, ...fresh });
      await step('in front of the door', () => inFront(visitors, fresh, look));
      await step('salons', () => salons(page, look));
      await step('a salon from outside', () => applicant(vera, veras, look, world));
      await step('lists and dialogs', () => lists(page, look));
      await step('a room', () => room(page, look, options.hasTouch === true, world));
      await step('people and account', () => others(olga, look));
      await step('when something is wrong', () => trouble(page, watch, look));
    });
  }
}

// The parts of the client as people name them.

import assert from 'node:assert/strict';

export const heading = (page, name) => page.getByRole('heading', { name, exact: true });

export const log = (page) => page.getByRole('log', { name: 'Messages' });

export const box = (page) => page.getByRole('textbox', { name: 'Message', exact: true });

export const chat = (page, title) =>
  page.getByRole('list', { name: 'Your chats' }).getByRole('link', { name: new RegExp(`^${title}\\b`, 'u') });

export const message = (page, text) => log(page).getByRole('article').filter({ hasText: text });

/** A message that was on its way is there, and not twice. */
export async function shownOnce(page, text) {
  await message(page, text).first().waitFor();
  assert.equal(await message(page, text).count(), 1, text);
}

export async function openChat(page, title) {
  await chat(page, title).click();
  await heading(page, title).waitFor();
  await box(page).waitFor();
  await historyRead(page);
}

/** What was said in the room before is there, or that nothing was. */
export const historyRead = (page) => page.getByRole('status', { name: 'Loading messages' }).waitFor({ state: 'hidden' });

export async function say(page, text) {
  await box(page).fill(text);
  await box(page).press('Enter');
}

/** Brings out the actions of a message with the mouse and takes one. */
export async function act(page, text, action) {
  const one = message(page, text).first();
  await one.hover();
  await one.getByRole('group', { name: 'Message actions' }).getByRole('button', { name: action, exact: true }).click();
}

export async function signIn(page, login, password) {
  await page.getByLabel('E-mail or username').fill(login);
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
}

export async function newChat(page, way) {
  await page.getByRole('button', { name: 'New chat' }).click();
  await page.getByRole('menuitem', { name: way }).click();
}

/** The way to the salons in the main navigation, when it says that so much waits there. */
export const salonsWaiting = (page, count) =>
  page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: new RegExp(`^Salons\\s*, ${count} waiting`, 'u') });

/** A chair on a salon's page, by the name of its seat. */
export const chair = (page, seat) =>
  page.getByRole('list', { name: 'Seats' }).locator('> li').filter({ has: heading(page, seat) });

/** What waits for a decision: of one salon on its page, of all on that of the requests. */
export const inbox = (page) => page.getByRole('list', { name: 'Waiting for your decision' });

export const notifications = (page) => page.getByRole('list', { name: 'Notifications' });

/** A notice at the edge of the page, which goes away by itself. */
export const notice = (page, text) => page.getByRole('status').filter({ hasText: text });

export async function foundSalon(page, name, location) {
  await page.getByRole('button', { name: 'Found a salon' }).click();
  await page.getByLabel('Name', { exact: true }).fill(name);
  await page.getByLabel('Location').fill(location);
  await page.getByRole('button', { name: 'Found it' }).click();
}

/** Types the name that stands for being sure, and closes the salon. */
export async function closeForEver(page, name) {
  await page.getByLabel('Type the salon’s name to confirm').fill(name);
  await page.getByRole('button', { name: 'Close for ever' }).click();
}

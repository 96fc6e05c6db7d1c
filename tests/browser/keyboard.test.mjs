// Without a mouse: signing in, going to a room, walking its messages and acting on one, menus and dialogs.

import assert from 'node:assert/strict';
import { PASSWORD, register, setUp } from './harness/api.mjs';
import { box, chair, heading, inbox, log, message } from './harness/parts.mjs';
import { story } from './harness/story.mjs';

/** What has the focus, as a screen reader would name it. */
const focused = (page) =>
  page.evaluate(() => {
    const node = document.activeElement;
    return (node.getAttribute('aria-label') ?? node.textContent).trim().replaceAll(/\s+/gu, ' ');
  });

/** Until the focus is there: pages and dialogs move it when they have been drawn. */
const focusOn = (page, name) =>
  page.waitForFunction((wanted) => {
    const node = document.activeElement;
    return (node.getAttribute('aria-label') ?? node.textContent).trim().startsWith(wanted);
  }, name);

story('the keyboard alone', {}, async ({ server, visitors, step }) => {
  const olgaAccount = await setUp(server);
  const annaAccount = await register(server, 'anna', 'Anna', 'Keller');
  const borisAccount = await register(server, 'boris', 'Boris', 'Novak');
  const room = await annaAccount.room('Workshop');
  await borisAccount.room('Workshop');
  await borisAccount.post(room.id, 'The first');
  await borisAccount.post(room.id, 'The second');
  await annaAccount.post(room.id, 'The third');
  const { page: anna, watch } = await visitors.window('anna');
  const { keyboard } = anna;

  await step('signing in', async () => {
    await anna.goto('/');
    await heading(anna, 'Sign in').waitFor();
    await keyboard.type('anna');
    await keyboard.press('Tab');
    await keyboard.type(PASSWORD);
    await keyboard.press('Enter');
    await heading(anna, 'Chats').waitFor();
  });

  await step('to a room by Ctrl+K, straight into the place to write', async () => {
    await keyboard.press('Control+k');
    await anna.getByRole('combobox', { name: 'Room to switch to' }).waitFor();
    await keyboard.type('work');
    await anna.getByRole('option', { name: /^Workshop/u }).waitFor();
    await keyboard.press('Enter');
    await heading(anna, 'Workshop').waitFor();
    await message(anna, 'The third').waitFor();
    await focusOn(anna, 'Message');
    await keyboard.type('The fourth');
    await keyboard.press('Enter');
    await message(anna, 'The fourth').waitFor();
    assert.equal(await focused(anna), 'Message');
  });

  await step('back into the messages, from one to the next, and to the actions of one', async () => {
    await keyboard.press('Shift+Tab');
    await keyboard.press('Shift+Tab');
    while (!(await focused(anna)).startsWith('You,')) await keyboard.press('Shift+Tab');
    await keyboard.press('Home');
    assert.match(await focused(anna), /^Boris Novak, /u);
    await keyboard.press('ArrowDown');
    await anna.getByRole('group', { name: 'Message actions' }).waitFor();
    await keyboard.press('Tab');
    assert.equal(await focused(anna), 'Reply');
    await keyboard.press('Enter');
    await anna.getByText('Replying to Boris Novak').waitFor();
    await focusOn(anna, 'Message');
    await keyboard.type('An answer');
    await keyboard.press('Enter');
    await message(anna, 'An answer').getByText('The second').waitFor();
    // While it is on its way it cannot be edited yet.
    await log(anna).getByRole('article', { name: /^You, \d/u }).filter({ hasText: 'An answer' }).waitFor();
  });

  await step('ArrowUp edits the newest own message, Escape leaves it as it was', async () => {
    await keyboard.press('ArrowUp');
    await anna.getByText('Editing message').waitFor();
    await anna.waitForFunction(() => document.activeElement.value === 'An answer');
    await keyboard.press('Escape');
    await anna.getByText('Editing message').waitFor({ state: 'hidden' });
    assert.equal(await box(anna).inputValue(), '');
    assert.equal(await log(anna).getByText('edited', { exact: true }).count(), 0);
  });

  await step('a menu is walked with the arrows, and a dialog gives the focus back', async () => {
    await anna.getByRole('button', { name: 'New chat' }).focus();
    await keyboard.press('Enter');
    await focusOn(anna, 'Find or make');
    await keyboard.press('ArrowDown');
    await focusOn(anna, 'New private room');
    await keyboard.press('Escape');
    await focusOn(anna, 'New chat');
    await keyboard.press('Enter');
    await focusOn(anna, 'Find or make');
    await keyboard.press('Enter');
    await anna.getByRole('dialog').waitFor();
    await focusOn(anna, 'Room name');
    await keyboard.press('Escape');
    await anna.getByRole('dialog').waitFor({ state: 'hidden' });
    await focusOn(anna, 'New chat');
  });

  await step('founding a salon and deciding in it', async () => {
    await anna.getByRole('link', { name: 'Salons', exact: true }).press('Enter');
    await heading(anna, 'Salons').waitFor();
    await anna.waitForFunction(() => document.activeElement.id === 'main');
    await anna.getByRole('button', { name: 'Found a salon' }).press('Enter');
    await anna.waitForFunction(() => document.activeElement.matches('dialog input'));
    await keyboard.type('Garage Nord');
    await keyboard.press('Tab');
    await keyboard.type('Kiel');
    await keyboard.press('Enter');
    await heading(anna, 'Garage Nord').waitFor();
    await anna.waitForFunction(() => document.activeElement.id === 'main');
    const salon = new URL(anna.url()).pathname.split('/').at(-1);
    await borisAccount.call('POST', '/api/invitation_to_auto_salon', { auto_salon: salon, role: 'seller' });
    await inbox(anna).getByRole('button', { name: /^Reject/u }).press('Enter');
    await anna.waitForFunction(() => document.activeElement.matches('dialog textarea'));
    await keyboard.press('Escape');
    await focusOn(anna, 'Reject');
    await keyboard.press('Shift+Tab');
    await focusOn(anna, 'Approve');
    await keyboard.press('Enter');
    await inbox(anna).getByText('Approved', { exact: true }).waitFor();
    // The button is gone; what was decided has the focus.
    await anna.waitForFunction(() => document.activeElement.matches('li') && document.activeElement.textContent.includes('Boris Novak'));
  });

  await step('what was pressed goes away, and its surroundings have the focus', async () => {
    const salon = await borisAccount.call('POST', '/api/auto_salon', { name: 'Garage Süd', location: 'Ulm' });
    await anna.goto(`/salons/${salon.id}`);
    await chair(anna, 'Mechanic').getByRole('button', { name: 'Ask for this seat' }).press('Enter');
    await chair(anna, 'Mechanic').getByText('You asked').waitFor();
    await focusOn(anna, 'Mechanic');
    await chair(anna, 'Mechanic').getByRole('button', { name: /^Withdraw/u }).press('Enter');
    await chair(anna, 'Mechanic').getByText('You asked').waitFor({ state: 'hidden' });
    await focusOn(anna, 'Mechanic');
    await borisAccount.call('DELETE', `/api/auto_salon/${salon.id}`);
    await focusOn(anna, 'No such salon');
  });

  await step('a person is chosen where the dialog begins, and a reason given', async () => {
    await anna.getByRole('link', { name: 'Look at the salons' }).press('Enter');
    await anna.getByRole('link', { name: 'Garage Nord' }).press('Enter');
    await chair(anna, 'Admin').getByRole('button', { name: 'Offer this seat to somebody' }).press('Enter');
    await anna.waitForFunction(() => document.activeElement.matches('dialog input[type="search"]'));
    await keyboard.type('olg');
    await anna.getByRole('dialog').getByRole('button', { name: /Olga Brandt/u }).press('Enter');
    await anna.waitForFunction(() => document.activeElement.matches('dialog input[type="search"]'));
    await anna.getByRole('dialog').getByRole('button', { name: 'Offer', exact: true }).press('Enter');
    await focusOn(anna, 'Offer this seat');
    await chair(anna, 'Admin').getByRole('button', { name: /^Withdraw/u }).press('Enter');
    await chair(anna, 'Admin').getByText('You offered').waitFor({ state: 'hidden' });
    await focusOn(anna, 'Admin');
    const salon = new URL(anna.url()).pathname.split('/').at(-1);
    await olgaAccount.call('POST', '/api/invitation_to_auto_salon', { auto_salon: salon, role: 'mechanic' });
    await inbox(anna).getByRole('button', { name: /^Reject Olga/u }).press('Enter');
    await keyboard.type('Not now');
    await anna.getByRole('dialog').getByRole('button', { name: 'Reject', exact: true }).press('Enter');
    await anna.waitForFunction(() => document.activeElement.matches('li') && document.activeElement.textContent.includes('Not now'));
  });

  await step('a room that is lost while one writes in it says so', async () => {
    const hidden = await borisAccount.call('POST', '/api/rooms', { kind: 'private', name: 'Price list', members: [annaAccount.id] });
    await anna.goto(`/room/${hidden.id}`);
    await focusOn(anna, 'Message');
    // The room and who is there may still be on their way when one is put out.
    watch.allow(/status of 404 .*\/api\/rooms\//u);
    await borisAccount.call('DELETE', `/api/rooms/${hidden.id}/members/${annaAccount.id}`);
    await focusOn(anna, 'No such room');
  });

  await step('a new page takes the focus, and its content can be skipped to', async () => {
    await anna.getByRole('link', { name: 'People', exact: true }).press('Enter');
    await heading(anna, 'People').waitFor();
    await anna.waitForFunction(() => document.activeElement.id === 'main');
    await anna.reload();
    await heading(anna, 'People').waitFor();
    await keyboard.press('Tab');
    await focusOn(anna, 'Skip to content');
    await keyboard.press('Enter');
    await anna.waitForFunction(() => document.activeElement.id === 'main');
  });
});

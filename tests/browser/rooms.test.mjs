// Rooms one is invited to, removed from, looks into, renames, archives and deletes.

import assert from 'node:assert/strict';
import { register } from './harness/api.mjs';
import { box, chat, heading, log, message, newChat, openChat, say } from './harness/parts.mjs';
import { story } from './harness/story.mjs';

const REFUSED = /status of (?:403|404)/u;

story('private and public rooms', {}, async ({ server, visitors, step }) => {
  const annaAccount = await register(server, 'anna', 'Anna', 'Keller');
  const borisAccount = await register(server, 'boris', 'Boris', 'Novak');
  await register(server, 'mei', 'Mei', 'Tanaka');
  const { page: anna } = await visitors.window('anna', { account: annaAccount });
  const { page: boris, watch } = await visitors.window('boris', { account: borisAccount });
  watch.allow(REFUSED);
  await Promise.all([anna.goto('/'), boris.goto('/')]);
  let address = '';

  await step('a private room is made with those invited, who see it at once', async () => {
    await newChat(anna, 'New private room');
    await anna.getByLabel('Name', { exact: true }).fill('Price list');
    await anna.getByLabel('Topic').fill('Winter tyres');
    await anna.getByRole('list', { name: 'People found' }).getByRole('button', { name: /Boris Novak/u }).click();
    await anna.getByRole('button', { name: 'Create room' }).click();
    await heading(anna, 'Price list').waitFor();
    await openChat(boris, 'Price list');
    await boris.getByText('2 members · Winter tyres').waitFor();
    await say(anna, 'Not for everybody');
    await message(boris, 'Not for everybody').waitFor();
    address = new URL(anna.url()).pathname;
  });

  await step('a member is removed: the room is gone for them, at once and by its address', async () => {
    await anna.getByRole('link', { name: 'Room details' }).click();
    const members = anna.getByRole('list', { name: 'Members' });
    await members.getByRole('button', { name: 'Actions for Boris Novak' }).click();
    await anna.getByRole('menuitem', { name: 'Remove from room' }).click();
    await anna.getByRole('dialog').getByRole('button', { name: 'Remove', exact: true }).click();
    await members.getByText('Boris Novak').waitFor({ state: 'hidden' });
    await boris.getByText('This room is not here').waitFor();
    await chat(boris, 'Price list').waitFor({ state: 'hidden' });
    assert.equal(await boris.getByText('Not for everybody').count(), 0);
    await boris.goto(address);
    await boris.getByText('This room is not here').waitFor();
  });

  await step('an invitation lets them in again, with the history', async () => {
    await boris.goto('/');
    await anna.getByRole('button', { name: 'Invite people' }).click();
    const dialog = anna.getByRole('dialog');
    await dialog.getByLabel('People', { exact: true }).fill('bor');
    await dialog.getByRole('button', { name: /Boris Novak/u }).click();
    await dialog.getByRole('button', { name: 'Invite', exact: true }).click();
    await anna.getByRole('list', { name: 'Members' }).getByText('Boris Novak').waitFor();
    await openChat(boris, 'Price list');
    await message(boris, 'Not for everybody').waitFor();
  });

  await step('an owner makes another owner', async () => {
    const members = anna.getByRole('list', { name: 'Members' });
    await members.getByRole('button', { name: 'Actions for Boris Novak' }).click();
    await anna.getByRole('menuitem', { name: 'Make owner' }).click();
    await members.getByRole('listitem').filter({ hasText: 'Boris Novak' }).getByText('Owner', { exact: true }).waitFor();
    await boris.getByRole('link', { name: 'Room details' }).click();
    await boris.getByRole('button', { name: 'Archive room' }).waitFor();
  });

  await step('a new name and topic are seen by all; an archived room is read only', async () => {
    await anna.getByLabel('Name', { exact: true }).fill('Prices');
    await anna.getByLabel('Topic').fill('Summer tyres');
    await anna.getByRole('button', { name: 'Save', exact: true }).click();
    await heading(boris, 'Prices').waitFor();
    await boris.getByText('2 members · Summer tyres').waitFor();
    await anna.getByRole('button', { name: 'Archive room' }).click();
    await boris.getByText('This room is archived').waitFor();
    assert.equal(await box(boris).count(), 0);
    await anna.getByRole('button', { name: 'Reopen room' }).click();
    await box(boris).waitFor();
  });

  await step('a deleted room disappears from both', async () => {
    await anna.getByRole('button', { name: 'Delete room' }).click();
    await anna.getByRole('dialog').getByRole('button', { name: 'Delete', exact: true }).click();
    await chat(anna, 'Prices').waitFor({ state: 'hidden' });
    await boris.getByText('This room is not here').waitFor();
    await chat(boris, 'Prices').waitFor({ state: 'hidden' });
  });

  await step('a public room is left, still followed live, and joined again', async () => {
    const tyres = await annaAccount.room('Tyre store');
    await borisAccount.room('Tyre store');
    await boris.goto('/');
    await openChat(boris, 'Tyre store');
    await boris.getByRole('link', { name: 'Room details' }).click();
    await boris.getByRole('button', { name: 'Leave room' }).click();
    await boris.getByRole('dialog').getByRole('button', { name: 'Leave', exact: true }).click();
    await chat(boris, 'Tyre store').waitFor({ state: 'hidden' });
    await boris.goto(`/room/${tyres.id}`);
    await boris.getByRole('button', { name: 'Join room' }).waitFor();
    await boris.getByText('Nothing here yet').waitFor();
    assert.equal(await boris.getByText('Write the first message').count(), 0, 'one cannot, from outside');
    await annaAccount.post(tyres.id, 'Seen without joining');
    await message(boris, 'Seen without joining').waitFor();
    await boris.getByRole('button', { name: 'Join room' }).click();
    await say(boris, 'Here I am');
    await message(boris, 'Here I am').waitFor();
    await chat(boris, 'Tyre store').waitFor();
  });

  await step('Ctrl+K goes to a room by a few letters', async () => {
    await boris.goto('/');
    await chat(boris, 'Tyre store').waitFor();
    await boris.keyboard.press('Control+k');
    await boris.getByRole('combobox', { name: 'Room to switch to' }).fill('tyr');
    await boris.keyboard.press('Enter');
    await heading(boris, 'Tyre store').waitFor();
    await log(boris).getByText('Here I am').waitFor();
  });

  await step('put out while the room opens, one is told, although its history was still read', async () => {
    const hidden = await annaAccount.call('POST', '/api/rooms', { kind: 'private', name: 'Bonus list', members: [borisAccount.id] });
    let [connect, letIn] = [];
    const isOut = new Promise((done) => (connect = done));
    const isConnected = new Promise((done) => (letIn = done));
    await boris.routeWebSocket('**/ws/chat/**', (socket) => void isOut.then(() => socket.connectToServer()));
    const isRead = new Promise((done) => {
      void boris.route('**/api/rooms/*/messages?*', async (route) => {
        const response = await route.fetch();
        done();
        await isConnected;
        await route.fulfill({ response });
      });
    });
    await boris.goto(`/room/${hidden.id}`);
    await isRead;
    await annaAccount.call('DELETE', `/api/rooms/${hidden.id}/members/${borisAccount.id}`);
    connect();
    await chat(boris, 'Bonus list').waitFor({ state: 'hidden' });
    letIn();
    await heading(boris, 'No such room').waitFor();
    await boris.unrouteAll();
  });
});

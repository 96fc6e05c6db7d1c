// One's own account, and what administrators do with those of others.

import assert from 'node:assert/strict';
import { PASSWORD, register, setUp } from './harness/api.mjs';
import { chat, heading, log, message, openChat, say, signIn } from './harness/parts.mjs';
import { story } from './harness/story.mjs';

const REFUSED = /status of (?:400|401|403|409|422)/u;
const DOT = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
const OTHER_PASSWORD = 'another long secret';

story('an account is kept', {}, async ({ server, visitors, step }) => {
  await setUp(server);
  const annaAccount = await register(server, 'anna', 'Anna', 'Keller');
  const borisAccount = await register(server, 'boris', 'Boris', 'Novak');
  await annaAccount.direct(borisAccount);
  const { page: anna, watch } = await visitors.window('anna', { account: annaAccount });
  const { page: phone, watch: phoneWatch } = await visitors.window('anna elsewhere');
  const { page: boris, watch: borisWatch } = await visitors.window('boris', { account: borisAccount });
  for (const one of [watch, phoneWatch]) one.allow(REFUSED);
  // A picture may be taken away while it is being read.
  for (const one of [watch, phoneWatch, borisWatch]) one.allow(/status of 404 .*\/thumbnail/u);
  await Promise.all([anna.goto('/account'), phone.goto('/'), boris.goto('/')]);
  await phone.getByRole('button', { name: 'Show password' }).click();
  await phone.getByRole('button', { name: 'Hide password' }).click();
  await signIn(phone, 'anna', PASSWORD);
  await heading(phone, 'Chats').waitFor();

  await step('the profile is changed, a taken name refused, and others see it at once', async () => {
    await anna.getByLabel('Username').fill('boris');
    await anna.getByRole('button', { name: 'Save profile' }).click();
    await anna.locator('[aria-invalid="true"]').waitFor();
    await anna.getByLabel('Username').fill('anna');
    await anna.getByLabel('Surname').fill('Keller-Roth');
    await anna.getByRole('button', { name: 'Save profile' }).click();
    await anna.getByText('Profile saved.').waitFor();
    await chat(boris, 'Anna Keller-Roth').waitFor();
  });

  await step('a picture is set, seen by others, and taken away', async () => {
    const chooser = anna.waitForEvent('filechooser');
    await anna.getByRole('button', { name: 'Upload picture' }).click();
    await (await chooser).setFiles({ name: 'me.png', mimeType: 'image/png', buffer: Buffer.from(DOT, 'base64') });
    await anna.getByRole('button', { name: 'Remove picture' }).waitFor();
    await chat(boris, 'Anna Keller-Roth').locator('img').waitFor();
    await anna.getByRole('button', { name: 'Remove picture' }).click();
    await chat(boris, 'Anna Keller-Roth').locator('img').waitFor({ state: 'hidden' });
  });

  await step('a new password signs out the other devices, not this one', async () => {
    await anna.getByLabel('Current password', { exact: true }).fill('wrong');
    await anna.getByLabel('New password', { exact: true }).fill(OTHER_PASSWORD);
    await anna.getByRole('button', { name: 'Change password' }).click();
    await anna.getByRole('alert').filter({ hasText: /\S/u }).waitFor();
    await anna.getByLabel('Current password', { exact: true }).fill(PASSWORD);
    await anna.getByRole('button', { name: 'Change password' }).click();
    await anna.getByText('Password changed.').waitFor();
    await heading(phone, 'Sign in').waitFor();
    await phone.getByText('You were signed out.').waitFor();
    await signIn(phone, 'anna', PASSWORD);
    await phone.getByRole('alert').filter({ hasText: /\S/u }).waitFor();
    await signIn(phone, 'anna', OTHER_PASSWORD);
    await heading(phone, 'Chats').waitFor();
  });

  await step('a session is ended from the list, then all of them', async () => {
    await anna.reload();
    const sessions = anna.getByRole('list', { name: 'Sessions' });
    await sessions.getByText('This device').waitFor();
    await sessions.getByRole('button', { name: /^End session Chrome/u }).click();
    await heading(phone, 'Sign in').waitFor();
    await sessions.getByRole('button', { name: /^End session/u }).waitFor({ state: 'hidden' });
    await anna.getByRole('button', { name: 'Sign out everywhere' }).click();
    await anna.getByRole('dialog').getByRole('button', { name: 'Sign out everywhere' }).click();
    await heading(anna, 'Sign in').waitFor();
    assert.equal(await anna.getByText('You were signed out.').count(), 0, 'it was her own wish');
  });

  await step('the chosen colours stay', async () => {
    await boris.goto('/account');
    await boris.getByRole('radio', { name: 'Dark' }).check();
    await boris.reload();
    await heading(boris, 'Account').waitFor();
    assert.ok(await boris.evaluate(() => document.documentElement.classList.contains('dark')));
  });
});

story('administrators look after people', {}, async ({ server, visitors, step }) => {
  const olgaAccount = await setUp(server);
  const annaAccount = await register(server, 'anna', 'Anna', 'Keller');
  await register(server, 'mei', 'Mei', 'Tanaka');
  const { page: olga } = await visitors.window('olga', { account: olgaAccount });
  const { page: anna, watch } = await visitors.window('anna', { account: annaAccount });
  watch.allow(REFUSED);
  await Promise.all([olga.goto('/people'), anna.goto('/')]);
  const people = olga.getByRole('list', { name: 'People' });
  const row = (name) => people.getByRole('listitem').filter({ hasText: name });

  await step('the directory is searched, and a person written to', async () => {
    await olga.getByRole('searchbox', { name: 'Search people' }).fill('kell');
    await row('Mei Tanaka').waitFor({ state: 'hidden' });
    await olga.getByRole('button', { name: 'Message Anna Keller' }).click();
    await heading(olga, 'Anna Keller').waitFor();
    await say(olga, 'Welcome');
    await chat(anna, 'Olga Brandt').getByText('Administrator', { exact: true }).waitFor();
    await openChat(anna, 'Olga Brandt');
    await message(anna, 'Welcome').waitFor();
    assert.equal(await log(anna).getByRole('button', { name: 'Delete' }).count(), 0);
  });

  await step('who is blocked is out at once and stays out, until unblocked', async () => {
    await olga.goto('/people');
    await olga.getByRole('button', { name: 'Administer Anna Keller' }).click();
    await olga.getByRole('menuitem', { name: 'Block' }).click();
    await olga.getByRole('dialog').getByRole('button', { name: 'Block' }).click();
    await row('Anna Keller').getByText('Blocked').waitFor();
    await heading(anna, 'Sign in').waitFor();
    await anna.getByText('You were signed out.').waitFor();
    await signIn(anna, 'anna', PASSWORD);
    await anna.getByRole('alert').filter({ hasText: /\S/u }).waitFor();
    await olga.getByRole('button', { name: 'Administer Anna Keller' }).click();
    await olga.getByRole('menuitem', { name: 'Unblock' }).click();
    await row('Anna Keller').getByText('Blocked').waitFor({ state: 'hidden' });
    await signIn(anna, 'anna', PASSWORD);
    await heading(anna, 'Olga Brandt').waitFor();
  });

  await step('another administrator is made, who sees so without signing in again', async () => {
    await olga.getByRole('button', { name: 'Administer Anna Keller' }).click();
    await olga.getByRole('menuitem', { name: 'Make administrator' }).click();
    await olga.getByRole('dialog').getByRole('button', { name: 'Make administrator' }).click();
    await row('Anna Keller').getByText('Administrator', { exact: true }).waitFor();
    await anna.getByRole('link', { name: 'People', exact: true }).click();
    await heading(anna, 'Invite codes').waitFor();
  });

  await step('an account is deleted, an invitation revoked', async () => {
    await olga.getByRole('button', { name: 'Administer Mei Tanaka' }).click();
    await olga.getByRole('menuitem', { name: 'Delete account' }).click();
    await olga.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await olga.getByRole('button', { name: 'Message Mei Tanaka' }).waitFor({ state: 'hidden' });
    await olga.getByRole('button', { name: 'Create code' }).click();
    const codes = olga.getByRole('list', { name: 'Invite codes' });
    await codes.getByRole('button', { name: 'Revoke' }).click();
    await olga.getByText('No code is open at present.').waitFor();
  });
});

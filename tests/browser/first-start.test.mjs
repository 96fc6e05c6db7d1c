// From an empty folder to people who are signed in: the set-up link, registering, signing in, invitations.

import assert from 'node:assert/strict';
import { PASSWORD, register, setUp } from './harness/api.mjs';
import { chat, heading, signIn } from './harness/parts.mjs';
import { story } from './harness/story.mjs';

const REFUSED = /status of (?:400|401|403|409|422|429)/u;

async function fillAccount(page, { username, name }) {
  await page.getByLabel('Name', { exact: true }).fill(name);
  await page.getByLabel('Username').fill(username);
  await page.getByLabel('E-mail', { exact: true }).fill(`${username}@salon.example`);
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
}

story('the first start', {}, async ({ server, visitors, step }) => {
  const { page: olga, watch } = await visitors.window('olga');
  watch.allow(REFUSED);

  await step('whoever comes first is asked for the token of the set-up link', async () => {
    await olga.goto('/');
    await heading(olga, 'Set up Parlor').waitFor();
    await olga.getByLabel('Set-up token').waitFor();
  });

  await step('a wrong token makes nobody an administrator', async () => {
    await olga.goto('/setup?token=guessed');
    await fillAccount(olga, { username: 'olga', name: 'Olga' });
    await olga.getByRole('button', { name: 'Create administrator' }).click();
    await olga.getByRole('alert').filter({ hasText: /\S/u }).waitFor();
  });

  await step('the printed link makes the administrator and signs in', async () => {
    await olga.goto(server.setUpLink);
    await fillAccount(olga, { username: 'olga', name: 'Olga' });
    await olga.getByRole('button', { name: 'Create administrator' }).click();
    await heading(olga, 'Chats').waitFor();
    await olga.getByRole('button', { name: 'Join public-chat' }).click();
    await heading(olga, 'public-chat').waitFor();
    await chat(olga, 'public-chat').waitFor();
  });

  await step('the link works once', async () => {
    const { page: late } = await visitors.window('late');
    await late.goto(server.setUpLink);
    await heading(late, 'Parlor is set up').waitFor();
  });

  const { page: anna, watch: annaWatch } = await visitors.window('anna');
  annaWatch.allow(REFUSED);

  await step('a deep link leads through registering to where it pointed', async () => {
    await anna.goto('/people');
    await anna.waitForURL('**/signin?next=%2Fpeople');
    await anna.getByRole('link', { name: 'Create an account' }).click();
    await fillAccount(anna, { username: 'olga', name: 'Anna' });
    await anna.getByRole('button', { name: 'Create account' }).click();
    await anna.getByRole('alert').filter({ hasText: /\S/u }).waitFor();
    assert.ok((await anna.locator('[aria-invalid="true"]').count()) > 0, 'the taken name is marked');
    await fillAccount(anna, { username: 'anna', name: 'Anna' });
    await anna.getByLabel('Surname').fill('Keller');
    await anna.getByRole('button', { name: 'Create account' }).click();
    await heading(anna, 'People').waitFor();
    assert.equal(new URL(anna.url()).pathname, '/people');
    await anna.getByRole('list', { name: 'People' }).getByText('Olga').first().waitFor();
  });

  await step('signing out, a wrong password, and signing in by e-mail', async () => {
    await anna.getByRole('link', { name: 'Account', exact: true }).click();
    await anna.getByRole('button', { name: 'Sign out', exact: true }).click();
    await heading(anna, 'Sign in').waitFor();
    await signIn(anna, 'anna@salon.example', 'not the password');
    await anna.getByRole('alert').filter({ hasText: /\S/u }).waitFor();
    await signIn(anna, 'anna@salon.example', PASSWORD);
    await heading(anna, 'Chats').waitFor();
  });

  await step('a session that ends elsewhere leads back to where one was', async () => {
    await anna.goto('/account');
    await heading(anna, 'Account').waitFor();
    const here = anna.url();
    await anna.evaluate(() => fetch('/api/session', { method: 'DELETE' }));
    await anna.waitForURL('**/signin?next=%2Faccount');
    await signIn(anna, 'anna', PASSWORD);
    await anna.waitForURL(here);
    await heading(anna, 'Account').waitFor();
  });
});

story('registration by invitation', { PARLOR_REGISTRATION: 'invite-only' }, async ({ server, visitors, step }) => {
  const olgaAccount = await setUp(server);
  const { page: olga } = await visitors.window('olga', { account: olgaAccount });
  const { page: guest, watch } = await visitors.window('guest');
  watch.allow(REFUSED);
  let link = '';

  await step('an administrator makes a code, shown once as a link', async () => {
    await olga.goto('/people');
    await olga.getByRole('button', { name: 'Create code' }).click();
    await olga.getByText('It is shown only now').waitFor();
    link = await olga.getByText(/^http.*\/register\?code=/u).innerText();
    assert.ok(link.startsWith(server.origin), link);
    await olga.getByRole('list', { name: 'Invite codes' }).getByText('1 use left').waitFor();
  });

  await step('without a code nobody gets in, with it the invited person does', async () => {
    await guest.goto('/register');
    await guest.getByLabel('Invite code').fill('guessed');
    await fillAccount(guest, { username: 'gast', name: 'Gast' });
    await guest.getByRole('button', { name: 'Create account' }).click();
    await guest.getByRole('alert').filter({ hasText: /\S/u }).waitFor();
    await guest.goto(link);
    assert.notEqual(await guest.getByLabel('Invite code').inputValue(), '');
    await fillAccount(guest, { username: 'gast', name: 'Gast' });
    await guest.getByRole('button', { name: 'Create account' }).click();
    await heading(guest, 'Chats').waitFor();
  });
});

story('registration is closed', { PARLOR_REGISTRATION: 'closed' }, async ({ server, visitors, step }) => {
  await setUp(server);
  const { page } = await visitors.window('guest');
  await step('the page says so', async () => {
    await page.goto('/register');
    await page.getByText('Registration is closed').waitFor();
    await page.getByRole('link', { name: 'Go to sign in' }).click();
    await heading(page, 'Sign in').waitFor();
    assert.equal(await page.getByRole('link', { name: 'Create an account' }).count(), 0);
    await assert.rejects(register(server, 'anna', 'Anna', 'Keller'));
  });
});

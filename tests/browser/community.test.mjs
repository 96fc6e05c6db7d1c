// The community chat's addresses, opened from outside: they survive signing in, lead to people and rooms, and nowhere else.

import assert from 'node:assert/strict';
import { PASSWORD, register, setUp } from './harness/api.mjs';
import { PHONE } from './harness/browser.mjs';
import { box, chat, heading, log, message, say, signIn } from './harness/parts.mjs';
import { story } from './harness/story.mjs';

const REFUSED = /status of (?:400|401|403|404)/u;
const path = (page) => new URL(page.url()).pathname;
const people = (page) => page.getByRole('list', { name: 'People' });

/** Sends a form as pages without scripts have them, from the page that is open; the answer to it. */
async function sendForm(page, action, fields) {
  const answered = page.waitForResponse((answer) => answer.request().method() === 'POST');
  await page.evaluate(([to, texts]) => {
    const form = Object.assign(document.createElement('form'), { method: 'post', action: to });
    for (const [name, value] of Object.entries(texts)) form.append(Object.assign(document.createElement('input'), { name, value }));
    document.body.append(form);
    form.requestSubmit();
  }, [action, fields]);
  return answered;
}

story('addresses of the community chat', {}, async ({ server, visitors, step }) => {
  await setUp(server);
  const annaAccount = await register(server, 'anna', 'Anna', 'Keller');
  const borisAccount = await register(server, 'boris', 'Boris', 'Novak');
  const { id: oils } = await annaAccount.room('Öl & more');
  await annaAccount.post(oils, 'Two litres are left');
  const hidden = await borisAccount.call('POST', '/api/rooms', { kind: 'private', name: 'Price list', members: [] });
  const { page: anna, watch } = await visitors.window('anna');
  const { page: boris } = await visitors.window('boris', { account: borisAccount });
  watch.allow(REFUSED);
  let direct = '';

  await step('a person’s address leads through signing in to the chat with them', async () => {
    await anna.goto('/chat/boris/');
    assert.equal(new URL(anna.url()).searchParams.get('next'), '/chat/boris/');
    await signIn(anna, 'anna', 'not the password');
    await anna.getByRole('alert').filter({ hasText: /\S/u }).waitFor();
    await signIn(anna, 'anna', PASSWORD);
    await anna.waitForURL('**/chat/room/*/send/');
    await heading(anna, 'Boris Novak').waitFor();
    direct = path(anna);
    await say(anna, 'Is the Golf done?');
    await message(anna, 'Is the Golf done?').waitFor();
  });

  await step('the other one’s address of it leads to the same chat', async () => {
    await boris.goto('/chat/anna');
    await message(boris, 'Is the Golf done?').waitFor();
    assert.equal(path(boris), direct);
    await say(boris, 'Tomorrow');
    await message(anna, 'Tomorrow').waitFor();
  });

  await step('one’s own leads to the people, from where one writes', async () => {
    await boris.goto('/chat/boris/');
    await heading(boris, 'People').waitFor();
    assert.equal(path(boris), '/profiles/');
    await people(boris).getByText('Olga Brandt').waitFor();
    await boris.getByRole('button', { name: 'Message Anna Keller' }).click();
    await message(boris, 'Tomorrow').waitFor();
  });

  await step('nobody’s, and no page at all, say so', async () => {
    const answer = await anna.goto('/chat/nobody/');
    assert.equal(answer.status(), 404);
    await heading(anna, 'There is no such page').waitFor();
  });

  await step('a room’s address survives signing out and in, by its id and by its name', async () => {
    for (const address of [direct, '/chat/room/%C3%96l%20%26%20more/send/']) {
      await anna.goto('/account');
      await anna.getByRole('button', { name: 'Sign out', exact: true }).click();
      await heading(anna, 'Sign in').waitFor();
      await anna.goto(address);
      assert.equal(new URL(anna.url()).searchParams.get('next'), address);
      await signIn(anna, 'anna', PASSWORD);
      await box(anna).waitFor();
      assert.equal(path(anna), address);
    }
    await message(anna, 'Two litres are left').waitFor();
    assert.equal(await chat(anna, 'Öl & more').getAttribute('aria-current'), 'page');
    assert.equal(await anna.title(), 'Öl & more · Parlor');
    await anna.reload();
    await message(anna, 'Two litres are left').waitFor();
  });

  await step('a registration is led on as well, and a public room is looked into by its name', async () => {
    const { page: mei, watch: meiWatch } = await visitors.window('mei');
    meiWatch.allow(REFUSED);
    await mei.goto('/chat/room/%C3%B6l%20%26%20more/send/');
    await mei.getByRole('link', { name: 'Create an account' }).click();
    await mei.getByLabel('Name', { exact: true }).fill('Mei');
    await mei.getByLabel('Username').fill('mei');
    await mei.getByLabel('E-mail', { exact: true }).fill('mei@salon.example');
    await mei.getByLabel('Password', { exact: true }).fill(PASSWORD);
    await mei.getByRole('button', { name: 'Create account' }).click();
    await message(mei, 'Two litres are left').waitFor();
    await mei.getByRole('button', { name: 'Join room' }).click();
    await say(mei, 'I bring one');
    await message(anna, 'I bring one').waitFor();
  });

  await step('a room that is not for one, or not at all, is not here', async () => {
    for (const room of [hidden.id, 'Price%20list', 'no-such-room']) {
      const answer = await anna.goto(`/chat/room/${room}/send/`);
      assert.equal(answer.status(), 404);
      await anna.getByText('This room is not here').waitFor();
    }
    assert.equal(await log(anna).count(), 0);
  });

  await step('a way back to another site is not followed', async () => {
    for (const next of ['https://evil.example/', '//evil.example/', '/.//evil.example/', '/\\evil.example/']) {
      await anna.goto(`/signin?next=${encodeURIComponent(next)}`);
      await heading(anna, 'Chats').waitFor();
      assert.equal(anna.url(), `${server.origin}/`);
    }
  });

  await step('the first page shows one’s chats and the people, on a phone too', async () => {
    await boris.goto('/');
    await chat(boris, 'Anna Keller').waitFor();
    await people(boris).getByText('Olga Brandt').waitFor();
    const { page: phone } = await visitors.window('phone', { account: borisAccount, ...PHONE });
    await phone.goto('/');
    await chat(phone, 'Anna Keller').waitFor();
    await phone.getByRole('button', { name: 'Message Olga Brandt' }).tap();
    await heading(phone, 'Olga Brandt').waitFor();
    await phone.goBack();
    await people(phone).getByText('Olga Brandt').waitFor();
  });
});

story('forms of pages without scripts', { PARLOR_GUESTS: 'true' }, async ({ server, visitors, step }) => {
  await setUp(server);
  const annaAccount = await register(server, 'anna', 'Anna', 'Keller');
  const { page: anna, watch } = await visitors.window('anna', { account: annaAccount });
  watch.allow(REFUSED);
  const address = '/chat/room/public-chat/send/';

  await step('one posts into a room and leads back to it', async () => {
    await anna.goto('/profiles/');
    await heading(anna, 'People').waitFor();
    const answer = await sendForm(anna, address, { body: 'Sent by a form', csrfmiddlewaretoken: 'x' });
    assert.deepEqual([answer.status(), answer.headers().location], [303, address]);
    await message(anna, 'Sent by a form').waitFor();
    assert.equal(path(anna), address);
  });

  await step('one that is refused says why, and leads back', async () => {
    assert.equal((await sendForm(anna, address, { body: ' ' })).status(), 400);
    await anna.getByText('The message is empty. Write something.').waitFor();
    await anna.getByRole('link', { name: 'Back' }).click();
    await message(anna, 'Sent by a form').waitFor();
    assert.equal(path(anna), address);
  });

  await step('a guest’s is taken too', async () => {
    const { page: guest, watch: guestWatch } = await visitors.window('guest');
    guestWatch.allow(REFUSED);
    await guest.goto('/');
    await heading(guest, 'Sign in').waitFor();
    assert.equal((await sendForm(guest, '/chat/send/', { message: 'May I come at ten?' })).status(), 200);
    await message(anna, 'May I come at ten?').waitFor();
  });
});

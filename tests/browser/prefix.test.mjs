// Parlor below a path of a host that others use too: everything a browser asks for is below it, and links from anywhere work.

import assert from 'node:assert/strict';
import { PASSWORD, register, setUp } from './harness/api.mjs';
import { Front } from './harness/front.mjs';
import { heading, log, message, say, signIn } from './harness/parts.mjs';
import { story } from './harness/story.mjs';

const front = await Front.open('/chat');

// The watch of every window fails the story when a page asks for anything that is not below the path.
story('everything below a path', { PARLOR_PUBLIC_URLS: front.url }, async ({ server, visitors, step }) => {
  assert.equal(server.origin, front.url);
  front.leadsTo(server.address);
  const where = (page) => page.url().replace(front.url, '');
  const { page: first } = await visitors.window('first');
  await step('the set-up link that was printed leads to the set-up page', async () => {
    assert.ok(server.setUpLink.startsWith(`${front.url}/setup?token=`), server.setUpLink);
    await first.goto(server.setUpLink);
    await heading(first, 'Set up Parlor').waitFor();
  });
  const olga = await setUp(server);
  const anna = await register(server, 'anna', 'Anna', 'Keller');
  const workshop = await olga.room('Workshop');
  await anna.room('Workshop');
  const { page, context } = await visitors.window('anna');
  const { page: other } = await visitors.window('olga');

  await step('a link into a room survives the sign-in', async () => {
    for (const [window, login] of [[page, 'anna'], [other, 'olga']]) {
      await window.goto(`${front.url}/room/${workshop.id}`);
      await heading(window, 'Sign in').waitFor();
      assert.equal(where(window), `/signin?next=${encodeURIComponent(`/room/${workshop.id}`)}`);
      await signIn(window, login, PASSWORD);
      await heading(window, 'Workshop').waitFor();
      assert.equal(where(window), `/room/${workshop.id}`);
    }
    const [cookie] = await context.cookies(front.url);
    assert.deepEqual([cookie.name, cookie.path], ['parlor_session', '/chat']);
  });

  await step('what one says the other hears, with a picture', async () => {
    await say(page, 'From below a path');
    await message(other, 'From below a path').waitFor();
    const chooser = page.waitForEvent('filechooser');
    await page.getByRole('button', { name: 'Attach files' }).click();
    const buffer = await page.screenshot({ clip: { x: 0, y: 0, width: 300, height: 200 } });
    await (await chooser).setFiles({ name: 'car.png', mimeType: 'image/png', buffer });
    await say(page, 'And a picture');
    const shown = log(other).getByRole('img', { name: 'car.png' });
    await shown.waitFor();
    await shown.evaluate((image) => image.decode());
    assert.match(await shown.getAttribute('src'), /^\/chat\/media\/.*thumbnail/u);
    const whole = await log(other).getByRole('link', { name: 'Open image car.png' }).getAttribute('href');
    assert.equal((await other.context().request.get(new URL(whole, front.url).href)).status(), 200);
  });

  await step('a room is there again after a reload, also with the bare path', async () => {
    await page.reload();
    await message(page, 'And a picture').waitFor();
    await page.getByRole('link', { name: 'People', exact: true }).click();
    await heading(page, 'People').waitFor();
    assert.equal(where(page), '/people');
    await page.goBack();
    await message(page, 'And a picture').waitFor();
    await page.getByRole('link', { name: 'Chats', exact: true }).click();
    assert.equal(where(page), '/');
  });

  await step('addresses that lead on stay below the path, also across the sign-in', async () => {
    const { page: visitor } = await visitors.window('visitor');
    await visitor.goto(`${front.url}/chat/olga/`);
    await heading(visitor, 'Sign in').waitFor();
    await signIn(visitor, 'anna', PASSWORD);
    await heading(visitor, 'Olga Brandt').waitFor();
    assert.match(where(visitor), /^\/chat\/room\/[^/]+\/send\/$/u);
    await visitor.reload();
    await heading(visitor, 'Olga Brandt').waitFor();
  });

  await step('an invitation link is a whole address', async () => {
    await other.goto(`${front.url}/people`);
    await other.getByRole('button', { name: 'Create code' }).click();
    await other.getByText(`${front.url}/register?code=`).waitFor();
  });

  await step('Swagger UI asks below the path', async () => {
    await first.goto(`${front.url}/docs/`);
    const operation = first.locator('#operations-Site-get_config');
    await operation.getByRole('button').first().click();
    await operation.getByRole('button', { name: 'Try it out' }).click();
    await operation.getByRole('button', { name: 'Execute' }).click();
    await operation.locator('.request-url').getByText(`${front.url}/api/config`).waitFor();
    await operation.locator('.live-responses-table .response-col_status').getByText('200').waitFor();
  });

  await step('installed on a telephone it starts below the path', async () => {
    const address = await page.locator('link[rel="manifest"]').evaluate((link) => link.href);
    const manifest = await (await context.request.get(address)).json();
    const absolute = (place) => new URL(place, address).href;
    assert.deepEqual([absolute(manifest.start_url), absolute(manifest.scope)], [`${front.url}/`, `${front.url}/`]);
    for (const { src } of manifest.icons) assert.equal((await context.request.get(absolute(src))).status(), 200, src);
  });
});

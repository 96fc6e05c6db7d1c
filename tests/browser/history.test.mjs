// A long room: history comes in pages as one scrolls, keeps its place, and stays bounded.

import assert from 'node:assert/strict';
import { register } from './harness/api.mjs';
import { chat, log, message, openChat } from './harness/parts.mjs';
import { story } from './harness/story.mjs';

const MESSAGES = 420;
const KEPT = 300;

/** The first message in view and where it stands. */
const place = (page) =>
  log(page).evaluate((view) => {
    const top = view.getBoundingClientRect().top;
    const row = [...view.querySelectorAll('[data-message]')].find((one) => one.getBoundingClientRect().bottom > top + 5);
    return { key: row.dataset.key, y: row.getBoundingClientRect().top, scrollTop: view.scrollTop };
  });

const whereIs = (page, key) =>
  log(page).evaluate((view, wanted) => view.querySelector(`[data-key="${wanted}"]`)?.getBoundingClientRect().top ?? null, key);

const rows = (page) => log(page).locator('[data-message]').count();

/** Until the view stands still and no page of history is on its way. */
const settled = (page) =>
  log(page).evaluate(
    (view) =>
      new Promise((resolve) => {
        let last = '';
        let still = 0;
        const look = () => {
          const now = `${view.scrollTop} ${view.scrollHeight}`;
          still = now === last ? still + 1 : 0;
          last = now;
          if (still >= 12) resolve();
          else requestAnimationFrame(look);
        };
        look();
      }),
  );

story('a long history', {}, async ({ server, visitors, step }) => {
  const annaAccount = await register(server, 'anna', 'Anna', 'Keller');
  const borisAccount = await register(server, 'boris', 'Boris', 'Novak');
  const room = await annaAccount.room('Archive');
  await borisAccount.room('Archive');
  const first = await borisAccount.post(room.id, 'number 1 of many');
  for (let at = 2; at <= MESSAGES; at += 1) {
    await (at % 3 === 0 ? annaAccount : borisAccount).post(room.id, `number ${at} of many`);
  }
  await annaAccount.call('PUT', `/api/rooms/${room.id}/read`, {
    message: (await annaAccount.post(room.id, 'The answer to the first', { reply_to: first.uuid })).uuid,
  });
  const { page: anna } = await visitors.window('anna', { account: annaAccount });
  await anna.goto('/');
  await openChat(anna, 'Archive');

  await step('the room opens at its newest message', async () => {
    await message(anna, 'The answer to the first').waitFor();
    await settled(anna);
    assert.ok(await log(anna).evaluate((view) => view.scrollHeight - view.scrollTop - view.clientHeight < 60));
    assert.ok((await rows(anna)) < 120, 'one page, or two');
  });

  await step('scrolling back reads on without moving what one reads', async () => {
    await log(anna).hover();
    for (let turn = 0; turn < 12; turn += 1) {
      const before = await place(anna);
      if (before.scrollTop < 700) break;
      await anna.mouse.wheel(0, -600);
      await settled(anna);
      const y = await whereIs(anna, before.key);
      if (y !== null) assert.ok(Math.abs(y - before.y - 600) <= 3, `moved by ${y - before.y} instead of 600`);
    }
    await anna.mouse.wheel(0, -200_000);
    await settled(anna);
    await anna.mouse.wheel(0, -200_000);
    await settled(anna);
    assert.ok((await rows(anna)) <= KEPT);
  });

  await step('whoever reads back is not moved by new messages, and is told of them', async () => {
    const before = await place(anna);
    await borisAccount.post(room.id, 'while reading 1');
    await borisAccount.post(room.id, 'while reading 2');
    await anna.getByRole('button', { name: /^2 new/u }).waitFor();
    assert.ok(Math.abs((await whereIs(anna, before.key)) - before.y) <= 3);
    await chat(anna, 'Archive').getByText('2 unread').waitFor();
    await anna.getByRole('button', { name: /jump to newest/u }).click();
    await message(anna, 'while reading 2').waitFor();
    await anna.getByRole('button', { name: /jump to newest/u }).waitFor({ state: 'hidden' });
    await chat(anna, 'Archive').getByText('unread').waitFor({ state: 'hidden' });
  });

  await step('a quotation from far back is shown among its neighbours', async () => {
    await message(anna, 'The answer to the first').getByRole('button', { name: /In reply to/u }).click();
    const target = log(anna).locator('[data-message].highlighted');
    await target.filter({ hasText: 'number 1 of many' }).waitFor();
    await message(anna, 'number 5 of many').waitFor();
    await settled(anna);
    const seen = await target.evaluate((row) => {
      const [box, view] = [row, row.closest('[role="log"]')].map((node) => node.getBoundingClientRect());
      return box.top >= view.top && box.bottom <= view.bottom;
    });
    assert.ok(seen, 'inside the view');
    await anna.getByText('This is the beginning of Archive.').waitFor();
  });

  await step('scrolling forward from there reaches the newest again', async () => {
    await log(anna).hover();
    for (let turn = 0; turn < 40 && (await message(anna, 'while reading 2').count()) === 0; turn += 1) {
      await anna.mouse.wheel(0, 20_000);
      await settled(anna);
    }
    await message(anna, 'while reading 2').waitFor();
    assert.ok((await rows(anna)) <= KEPT);
  });
});

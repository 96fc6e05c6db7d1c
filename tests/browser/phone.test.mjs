// A phone in the hand: one thing on the screen at a time, fingers instead of a mouse, a keyboard on the screen.

import assert from 'node:assert/strict';
import { register } from './harness/api.mjs';
import { PHONE } from './harness/browser.mjs';
import { box, chat, heading, log, message } from './harness/parts.mjs';
import { story } from './harness/story.mjs';

story('a phone', {}, async ({ server, visitors, step }) => {
  const annaAccount = await register(server, 'anna', 'Anna', 'Keller');
  const borisAccount = await register(server, 'boris', 'Boris', 'Novak');
  const room = await annaAccount.room('Workshop');
  await borisAccount.room('Workshop');
  for (let at = 1; at <= 30; at += 1) await borisAccount.post(room.id, `number ${at}`);
  await annaAccount.post(room.id, 'Mine');
  const { page: anna } = await visitors.window('anna', { account: annaAccount, ...PHONE });
  await anna.goto('/');
  const nav = anna.getByRole('navigation', { name: 'Main' });
  const send = anna.getByRole('button', { name: 'Send', exact: true });

  await step('a room takes the whole screen, without bringing up the keyboard', async () => {
    await chat(anna, 'Workshop').tap();
    await heading(anna, 'Workshop').waitFor();
    await message(anna, 'Mine').waitFor();
    await nav.waitFor({ state: 'hidden' });
    await chat(anna, 'Workshop').waitFor({ state: 'hidden' });
    assert.equal(await box(anna).evaluate((node) => node === document.activeElement), false);
  });

  await step('Enter begins a new line, the button sends, and the keyboard stays', async () => {
    await box(anna).tap();
    await anna.keyboard.type('first line');
    await anna.keyboard.press('Enter');
    await anna.keyboard.type('second line');
    assert.equal(await box(anna).inputValue(), 'first line\nsecond line');
    await send.tap();
    await message(anna, 'first line').getByText('second line').waitFor();
    assert.equal(await box(anna).evaluate((node) => node === document.activeElement), true);
    assert.equal(await box(anna).inputValue(), '');
  });

  await step('a smaller screen above the keyboard still shows the newest message', async () => {
    await anna.setViewportSize({ width: 390, height: 460 });
    await anna.waitForFunction(() => {
      const view = document.querySelector('[role="log"]');
      return view.clientHeight < 420 && view.scrollHeight - view.scrollTop - view.clientHeight < 2;
    });
    await anna.setViewportSize(PHONE.viewport);
  });

  await step('a tap brings out the actions without covering anything, another puts them away', async () => {
    await log(anna).getByText('Mine', { exact: true }).tap();
    const actions = anna.getByRole('group', { name: 'Message actions' });
    await actions.waitFor();
    const inside = await actions.evaluate((node) => {
      const [tools, row] = [node, node.closest('[data-message]')].map((one) => one.getBoundingClientRect());
      return tools.top >= row.top && tools.bottom <= row.bottom;
    });
    assert.ok(inside, 'the actions stand within their own message');
    for (const name of ['Reply', 'Copy text', 'Edit', 'Delete']) {
      const { width, height } = await actions.getByRole('button', { name, exact: true }).boundingBox();
      assert.ok(Math.min(width, height) >= 40, `${name} is ${width} by ${height}`);
    }
    await log(anna).getByText('Mine', { exact: true }).tap();
    await actions.waitFor({ state: 'hidden' });
  });

  await step('the actions of the newest message come into view, and a reply is begun with them', async () => {
    await log(anna).getByText('first line').tap();
    const actions = anna.getByRole('group', { name: 'Message actions' });
    await actions.waitFor();
    await anna.waitForFunction(() => {
      const [view, tools] = ['[role="log"]', '[aria-label="Message actions"]'].map((part) => document.querySelector(part));
      return tools.getBoundingClientRect().bottom <= view.getBoundingClientRect().bottom;
    });
    await actions.getByRole('button', { name: 'Reply', exact: true }).tap();
    await anna.getByText('Replying to yourself').waitFor();
    await anna.getByRole('button', { name: 'Cancel reply' }).tap();
  });

  await step('nothing is cut off on the smallest phone, nor on its side', async () => {
    await anna.setViewportSize({ width: 320, height: 640 });
    const { page: boris } = await visitors.window('boris', { account: borisAccount });
    await boris.goto(`/room/${room.id}`);
    const chooser = boris.waitForEvent('filechooser');
    await boris.getByRole('button', { name: 'Attach files' }).click();
    await (await chooser).setFiles({ name: 'an offer for a car.pdf', mimeType: 'application/pdf', buffer: Buffer.alloc(2_000) });
    await boris.getByRole('button', { name: 'Send', exact: true }).click();
    const file = log(anna).getByRole('link', { name: /an offer for a car/u });
    await file.waitFor();
    assert.ok(await log(anna).evaluate((node) => node.scrollWidth <= node.clientWidth), 'the messages scroll sideways');
    const inside = await file.evaluate((node) => node.getBoundingClientRect().right <= node.closest('.bubble').getBoundingClientRect().right);
    assert.ok(inside, 'the file ends outside its message');
    await anna.setViewportSize({ width: 844, height: 390 });
    const colours = anna.getByRole('button', { name: /^Use .* colours$/u });
    const { y, height } = await colours.boundingBox();
    assert.ok(y >= 0 && y + height <= 390, `the last button of the rail ends at ${y + height}`);
    await anna.setViewportSize(PHONE.viewport);
  });

  await step('back leads to the list, by the button and by the phone', async () => {
    await anna.getByRole('link', { name: 'Back to chats' }).tap();
    await nav.waitFor();
    await chat(anna, 'Workshop').tap();
    await heading(anna, 'Workshop').waitFor();
    await anna.getByRole('link', { name: 'Room details' }).tap();
    await heading(anna, 'Details').waitFor();
    await anna.goBack();
    await box(anna).waitFor();
    await anna.goBack();
    await nav.waitFor();
  });
});

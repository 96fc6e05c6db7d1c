// Two people in one room and in a direct chat: everything that is said arrives at once, and what happens to it too.

import assert from 'node:assert/strict';
import { register } from './harness/api.mjs';
import { act, box, chat, heading, log, message, newChat, openChat, say, shownOnce } from './harness/parts.mjs';
import { story } from './harness/story.mjs';

story('two people talk', {}, async ({ server, visitors, step }) => {
  const [annaAccount, borisAccount] = await Promise.all([
    register(server, 'anna', 'Anna', 'Keller'),
    register(server, 'boris', 'Boris', 'Novak'),
  ]);
  const { page: anna } = await visitors.window('anna', { account: annaAccount });
  const { page: boris } = await visitors.window('boris', { account: borisAccount });
  await Promise.all([anna.goto('/'), boris.goto('/')]);

  await step('a public room is made by naming it, found and joined', async () => {
    await newChat(anna, 'Find or make a public room');
    await anna.getByLabel('Room name').fill('Workshop');
    await anna.getByRole('button', { name: 'Make room “Workshop”' }).click();
    await heading(anna, 'Workshop').waitFor();
    await newChat(boris, 'Find or make a public room');
    await boris.getByRole('button', { name: 'Join Workshop' }).click();
    await heading(boris, 'Workshop').waitFor();
    await anna.getByText('2 members').waitFor();
  });

  await step('both see what both say, once, as text and never as markup', async () => {
    await say(anna, 'Hello <b>Boris</b>, see https://a.example/x_(y).');
    await message(boris, 'Hello <b>Boris</b>').waitFor();
    const link = log(boris).getByRole('link', { name: /a\.example/u });
    assert.equal(await link.getAttribute('href'), 'https://a.example/x_(y)');
    assert.equal(await link.getAttribute('rel'), 'noopener noreferrer nofollow');
    await say(boris, 'Good morning, Anna');
    await message(anna, 'Good morning, Anna').waitFor();
    await shownOnce(anna, 'Hello <b>Boris</b>');
    await log(anna).getByRole('article', { name: /^Boris Novak, \d\d:\d\d$/u }).waitFor();
    await log(anna).getByRole('article', { name: /^You, \d\d:\d\d$/u }).waitFor();
  });

  await step('who reads is shown', async () => {
    await say(anna, 'Did you see this?');
    await log(anna).getByText('Seen by Boris Novak').waitFor();
  });

  await step('who types is shown, until they stop', async () => {
    await box(boris).pressSequentially('abc');
    await anna.getByText('Boris Novak is typing…').waitFor();
    await box(boris).fill('');
    await anna.getByText('Boris Novak is typing…').waitFor({ state: 'hidden' });
  });

  await step('an edit reaches the other and says so', async () => {
    await box(anna).press('ArrowUp');
    await anna.getByText('Editing message').waitFor();
    await anna.keyboard.press('Escape');
    assert.equal(await box(anna).inputValue(), '');
    await act(anna, 'Did you see this?', 'Edit');
    await anna.getByText('Editing message').waitFor();
    await box(anna).fill('Did you see that?');
    await box(anna).press('Enter');
    await message(boris, 'Did you see that?').getByText('edited', { exact: true }).waitFor();
    assert.equal(await message(boris, 'Did you see this?').count(), 0);
  });

  await step('a reply quotes, and the quotation leads to what it answers', async () => {
    await act(boris, 'Did you see that?', 'Reply');
    await boris.getByText('Replying to Anna Keller').waitFor();
    await say(boris, 'I did');
    const quote = message(anna, 'I did').getByRole('button', { name: 'In reply to You' });
    await quote.click();
    await anna.locator('[data-message].highlighted').filter({ hasText: 'Did you see that?' }).first().waitFor();
  });

  await step('a deleted message is gone for everyone, also from the quotation', async () => {
    await act(anna, 'Did you see that?', 'Delete');
    await anna.getByRole('dialog').getByRole('button', { name: 'Delete', exact: true }).click();
    await log(boris).getByRole('paragraph').filter({ hasText: 'Message deleted' }).waitFor();
    await message(anna, 'Did you see that?').first().waitFor({ state: 'hidden' });
    await message(boris, 'Did you see that?').first().waitFor({ state: 'hidden' });
  });

  await step('a direct chat shows presence, ticks, unread and the title of the window', async () => {
    await anna.getByRole('link', { name: 'People', exact: true }).click();
    await anna.getByRole('button', { name: 'Message Boris Novak' }).click();
    await heading(anna, 'Boris Novak').waitFor();
    await anna.getByText('Online', { exact: true }).waitFor();
    await say(anna, 'Only for you');
    await message(anna, 'Only for you').getByTitle('Sent').waitFor();
    await say(anna, 'And one more');
    await chat(boris, 'Anna Keller').getByText('2 unread').waitFor();
    await say(anna, 'Never mind');
    await chat(boris, 'Anna Keller').getByText('3 unread').waitFor();
    await act(anna, 'Never mind', 'Delete');
    await anna.getByRole('dialog').getByRole('button', { name: 'Delete', exact: true }).click();
    await chat(boris, 'Anna Keller').getByText('2 unread').waitFor();
    await boris.waitForFunction(() => document.title.startsWith('(2)'));
    await openChat(boris, 'Anna Keller');
    await log(boris).getByText('New messages').waitFor();
    await message(anna, 'And one more').getByTitle('Seen').waitFor();
    await chat(boris, 'Anna Keller').getByText('unread').waitFor({ state: 'hidden' });
    await boris.waitForFunction(() => document.title === 'Anna Keller · Parlor');
  });

  await step('another window of the same person follows, and leaving is seen', async () => {
    const { page: second } = await visitors.window('boris again', { account: borisAccount });
    await second.goto('/');
    await say(anna, 'Three windows');
    await chat(second, 'Anna Keller').getByText('Three windows').waitFor();
    await second.close();
    await anna.getByText('Online', { exact: true }).waitFor();
    await boris.close();
    await anna.getByText('Offline', { exact: true }).waitFor();
    visitors.windows = visitors.windows.filter(({ page }) => !page.isClosed());
  });
});

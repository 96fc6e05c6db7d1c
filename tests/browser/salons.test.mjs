// A salon from its founding to its end: a founder, an applicant, a stranger and an administrator of the site.

import assert from 'node:assert/strict';
import { register, setUp } from './harness/api.mjs';
import {
  chair, chat, closeForEver, foundSalon, heading, inbox, message, notice, notifications, salonsWaiting, say,
} from './harness/parts.mjs';
import { story } from './harness/story.mjs';
import { UNREACHABLE } from './harness/watch.mjs';

const SALON = 'Garage Nord';
const STAFF = 'Garage Nord (staff)';

story('a salon from its founding to its end', {}, async ({ server, visitors, step }) => {
  const olgaAccount = await setUp(server);
  const annaAccount = await register(server, 'anna', 'Anna', 'Keller');
  const borisAccount = await register(server, 'boris', 'Boris', 'Novak');
  const meiAccount = await register(server, 'mei', 'Mei', 'Tanaka');
  const { page: olga, watch: olgas } = await visitors.window('olga', { account: olgaAccount });
  const { page: anna, watch: annas } = await visitors.window('anna', { account: annaAccount });
  const { page: boris, watch: borises } = await visitors.window('boris', { account: borisAccount });
  const { page: mei, watch: meis } = await visitors.window('mei', { account: meiAccount });
  await Promise.all([olga.goto('/invitations'), anna.goto('/'), boris.goto('/salons'), mei.goto('/salons')]);
  const status = (page, text) =>
    page.getByRole('list', { name: 'Your requests and offers' }).getByRole('listitem').filter({ hasText: text }).first();
  /** What nobody outside the salon may read, on a page that shows the salon. */
  const seesNobody = async (page, name) => {
    assert.equal(await page.getByText(name).count(), 0, `${name} is named`);
    assert.equal(await inbox(page).count(), 0);
  };
  let address = '';

  await step('a salon is founded, and appears to everyone at once', async () => {
    await anna.getByRole('link', { name: 'Salons', exact: true }).click();
    await anna.getByText('There is no salon yet').waitFor();
    await mei.getByText('There is no salon yet').waitFor();
    await foundSalon(anna, 'Garage Nord', 'Kiel');
    await heading(anna, 'Garage Nord').waitFor();
    await chair(anna, 'Superuser').getByText('Anna Keller').waitFor();
    for (const seat of ['Admin', 'Seller', 'Mechanic']) await chair(anna, seat).getByText('Vacant').waitFor();
    await mei.getByRole('link', { name: 'Garage Nord' }).waitFor();
    await mei.getByText('Mechanic vacant').waitFor();
    assert.match(await anna.title(), /^Garage Nord · Parlor$/u);
    address = new URL(anna.url()).pathname;
  });

  await step('nobody leads two: one is not asked to, and a dialog that is open says so and keeps what was typed', async () => {
    borises.allow(/status of (?:400|409)/u);
    await anna.getByRole('link', { name: 'All salons' }).click();
    await anna.getByText('Your seat: Superuser').waitFor();
    assert.equal(await anna.getByRole('button', { name: 'Found a salon' }).count(), 0);
    await boris.getByRole('button', { name: 'Found a salon' }).click();
    const dialog = boris.getByRole('dialog');
    await dialog.getByLabel('Name', { exact: true }).fill('Garage Süd');
    const other = await borisAccount.call('POST', '/api/auto_salon', { name: 'Garage West', location: 'Ulm' });
    await dialog.getByRole('button', { name: 'Found it' }).click();
    await dialog.getByRole('alert').waitFor();
    assert.equal(await dialog.getByLabel('Name', { exact: true }).inputValue(), 'Garage Süd');
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    await borisAccount.call('DELETE', `/api/auto_salon/${other.id}`);
    await boris.getByRole('button', { name: 'Found a salon' }).waitFor();
    await anna.getByRole('link', { name: 'Garage Nord' }).click();
    await heading(anna, 'Garage Nord').waitFor();
  });

  await step('somebody asks for a seat, once; it stands at its chair', async () => {
    await boris.getByRole('link', { name: 'Garage Nord' }).click();
    await chair(boris, 'Seller').getByRole('button', { name: 'Ask for this seat' }).click();
    await chair(boris, 'Seller').getByText('You asked for the seller’s seat').waitFor();
    await boris.getByRole('button', { name: 'Ask for this seat' }).first().waitFor({ state: 'hidden' });
    await chair(boris, 'Mechanic').getByText('You asked for the seller’s seat. Withdraw that').waitFor();
  });

  await step('those who decide see it at once, the stranger does not', async () => {
    await inbox(anna).getByText('Boris Novak').waitFor();
    await salonsWaiting(anna, 1).waitFor();
    await olga.getByRole('list', { name: 'Waiting in other salons' }).getByText('Boris Novak').waitFor();
    await mei.goto(address);
    await chair(mei, 'Seller').getByText('Vacant').waitFor();
    await seesNobody(mei, 'Boris Novak');
    assert.equal((await meiAccount.call('GET', '/api/invitations')).total_items, 0);
  });

  await step('it is rejected with a reason, which reaches the one who asked wherever they are', async () => {
    await boris.goto('/account');
    await heading(boris, 'Account').waitFor();
    await inbox(anna).getByRole('button', { name: /^Reject Boris Novak/u }).click();
    await anna.getByLabel('Reason').fill('Not before spring');
    await anna.getByRole('dialog').getByRole('button', { name: 'Reject', exact: true }).click();
    await inbox(anna).getByText('Rejected', { exact: true }).waitFor();
    await notice(boris, 'Not before spring').waitFor();
    await salonsWaiting(boris, 1).waitFor();
    assert.equal(await olga.getByRole('button', { name: /^Approve Boris Novak/u }).count(), 0);
    assert.equal(await mei.getByText('Not before spring').count(), 0);
  });

  await step('the notification is kept over a reload until it is seen', async () => {
    await boris.reload();
    await salonsWaiting(boris, 1).click();
    await boris.getByRole('link', { name: /^Requests/u }).click();
    await notifications(boris).getByText('Reason: Not before spring').waitFor();
    await status(boris, 'You asked for the seller’s seat').getByText('Rejected', { exact: true }).waitFor();
    await boris.getByRole('button', { name: /^Mark as seen/u }).click();
    await boris.getByText('Nothing new.').waitFor();
    await boris.reload();
    await boris.getByText('Nothing new.').waitFor();
    await status(boris, 'You asked for the seller’s seat').getByText('Reason: Not before spring').waitFor();
  });

  await step('asked again and approved: the staff room and the badge are there at once', async () => {
    await boris.goto(address);
    await chair(boris, 'Seller').getByRole('button', { name: 'Ask for this seat' }).click();
    await chair(boris, 'Seller').getByText('You asked for the seller’s seat').waitFor();
    await boris.goto('/');
    await mei.goto('/people');
    await mei.getByRole('list', { name: 'People' }).getByText('Boris Novak').waitFor();
    await anna.goto('/invitations');
    await inbox(anna).getByRole('button', { name: /^Approve Boris Novak/u }).click();
    await inbox(anna).getByText('Approved', { exact: true }).waitFor();
    await notice(boris, 'approved your request').waitFor();
    await chat(boris, SALON).click();
    await heading(boris, STAFF).waitFor();
    const row = mei.getByRole('list', { name: 'People' }).getByRole('listitem').filter({ hasText: 'Boris Novak' });
    await row.getByText('Seller', { exact: true }).waitFor();
  });

  await step('the staff talk among themselves, in a room nobody leaves or changes by hand', async () => {
    await say(boris, 'Here I am');
    await anna.goto(address);
    await anna.getByRole('link', { name: 'Open the staff room' }).click();
    await message(anna, 'Here I am').getByText('Seller', { exact: true }).waitFor();
    await anna.getByRole('link', { name: 'Room details' }).click();
    await anna.getByRole('list', { name: 'Members' }).getByText('Boris Novak').waitFor();
    for (const name of ['Leave room', 'Delete room', 'Archive room', 'Invite people']) {
      assert.equal(await anna.getByRole('button', { name }).count(), 0, name);
    }
    await mei.goto('/');
    await heading(mei, 'Chats').waitFor();
    await mei.getByText('No chats yet').waitFor();
    assert.equal(await chat(mei, SALON).count(), 0);
    await anna.getByRole('link', { name: 'Salon’s page' }).click();
    await heading(anna, 'Garage Nord').waitFor();
  });

  await step('a stranger sees that a seat is taken, not by whom', async () => {
    await mei.goto(address);
    await chair(mei, 'Seller').getByText('Taken').waitFor();
    await chair(mei, 'Superuser').getByText('Anna Keller').waitFor();
    await seesNobody(mei, 'Boris Novak');
    assert.equal(await mei.getByText('Log of decisions').count(), 0);
  });

  await step('a seat is offered, and taken', async () => {
    await chair(anna, 'Mechanic').getByRole('button', { name: 'Offer this seat to somebody' }).click();
    await anna.getByRole('dialog').getByRole('button', { name: /Mei Tanaka/u }).click();
    await anna.getByRole('dialog').getByRole('button', { name: 'Offer', exact: true }).click();
    await chair(anna, 'Mechanic').getByText('You offered them').waitFor();
    await notice(mei, 'Anna Keller offered you the mechanic’s seat').waitFor();
    await mei.goto('/invitations');
    await inbox(mei).getByRole('button', { name: /^Accept/u }).click();
    await inbox(mei).getByText('Accepted', { exact: true }).waitFor();
    assert.equal(await mei.getByText('offered you the mechanic’s seat in').count(), 1, 'it stands in one place');
    await mei.goto(address);
    await chair(mei, 'Mechanic').getByText('(you)').waitFor();
    await chair(mei, 'Seller').getByText('Boris Novak').waitFor();
    await chair(mei, 'Seller').getByText('online', { exact: true }).waitFor({ state: 'attached' });
    await chair(anna, 'Mechanic').getByText('Mei Tanaka').waitFor();
    await notice(anna, 'Mei Tanaka accepted the mechanic’s seat').waitFor();
  });

  await step('somebody is removed: seat, staff room and badge are gone at once, and they read why', async () => {
    await chat(boris, SALON).waitFor();
    await chair(anna, 'Seller').getByRole('button', { name: 'Remove' }).click();
    await anna.getByRole('dialog').getByRole('button', { name: 'Remove', exact: true }).click();
    await chair(anna, 'Seller').getByText('Vacant').waitFor();
    await boris.getByText('This room is not here').waitFor();
    await chat(boris, SALON).waitFor({ state: 'hidden' });
    await notice(boris, 'Anna Keller removed you from the seller’s seat').waitFor();
    await salonsWaiting(boris, 2).click();
    await boris.getByRole('link', { name: /^Requests/u }).click();
    await notifications(boris).getByText('removed you from the seller’s seat').waitFor();
    await boris.getByRole('button', { name: 'Mark all as seen' }).click();
    await boris.getByText('Nothing new.').waitFor();
  });

  await step('an administrator of the site decides too, and reads the log', async () => {
    await boris.goto(address);
    await chair(boris, 'Admin').getByRole('button', { name: 'Ask for this seat' }).click();
    await olga.goto(address);
    await inbox(olga).getByRole('button', { name: /^Approve Boris Novak/u }).click();
    await chair(boris, 'Admin').getByText('(you)').waitFor();
    const log = olga.getByRole('list', { name: 'Log of decisions' });
    await log.getByText('approved Boris Novak for the admin’s seat').waitFor();
    await log.getByText('Reason: Not before spring').waitFor();
    assert.equal(await boris.getByText('Log of decisions').count(), 0);
  });

  await step('the founder hands the salon over, with the history of its staff room', async () => {
    // Her right to read the log may end while it is being read.
    annas.allow(/status of 403 .*\/log/u);
    await chair(anna, 'Superuser').getByRole('button', { name: 'Give up this seat' }).click();
    await anna.getByRole('dialog').getByRole('button', { name: 'Hand it over' }).click();
    await anna.getByRole('radio', { name: /Mei Tanaka/u }).check();
    await anna.getByRole('dialog').getByRole('button', { name: 'Hand over', exact: true }).click();
    await chair(mei, 'Superuser').getByText('your mechanic’s seat becomes vacant').waitFor();
    await chair(mei, 'Superuser').getByRole('button', { name: /^Accept/u }).click();
    await chair(mei, 'Superuser').getByText('(you)').waitFor();
    await chair(mei, 'Mechanic').getByText('Vacant').waitFor();
    await chair(anna, 'Superuser').getByText('Mei Tanaka').waitFor();
    await anna.getByRole('link', { name: 'Open the staff room' }).waitFor({ state: 'hidden' });
    await mei.getByRole('link', { name: 'Open the staff room' }).click();
    await message(mei, 'Here I am').waitFor();
  });

  await step('the salon is closed only after being asked twice, and is gone for everyone', async () => {
    await mei.goto(address);
    await chair(mei, 'Superuser').getByRole('button', { name: 'Give up this seat' }).click();
    await mei.getByText('Leave Garage Nord?').waitFor();
    await mei.getByRole('dialog').getByRole('button', { name: 'Close the salon' }).click();
    assert.equal(await mei.getByRole('button', { name: 'Close for ever' }).isDisabled(), true);
    // Whoever is just reading the salon finds it gone.
    for (const watch of [annas, borises, olgas, meis]) watch.allow(/status of 404/u);
    await closeForEver(mei, 'Garage Nord');
    await heading(mei, 'Salons').waitFor();
    await mei.getByText('There is no salon yet').waitFor();
    await boris.getByText('This salon is not here').waitFor();
    await anna.getByText('This salon is not here').waitFor();
    await notice(boris, 'Mei Tanaka closed Garage Nord').waitFor();
    await chat(mei, SALON).waitFor({ state: 'hidden' });
    await boris.goto('/invitations');
    await notifications(boris).getByText('closed Garage Nord').waitFor();
    assert.equal(await notifications(boris).getByRole('link').count(), 0, 'no way to a salon that is gone');
  });
});

story('one seat, two who want it', {}, async ({ server, visitors, step }) => {
  const annaAccount = await register(server, 'anna', 'Anna', 'Keller');
  const borisAccount = await register(server, 'boris', 'Boris', 'Novak');
  const veraAccount = await register(server, 'vera', 'Vera', 'Lind');
  const salon = await annaAccount.call('POST', '/api/auto_salon', { name: 'Garage Nord', location: 'Kiel' });
  for (const account of [borisAccount, veraAccount]) {
    await account.call('POST', '/api/invitation_to_auto_salon', { auto_salon: salon.id, role: 'mechanic' });
  }
  const { page: anna, watch } = await visitors.window('anna', { account: annaAccount });
  const { page: vera, watch: veras } = await visitors.window('vera', { account: veraAccount });
  await Promise.all([anna.goto('/invitations'), vera.goto(`/salons/${salon.id}`)]);

  await step('the first gets it', async () => {
    await inbox(anna).getByRole('button', { name: /^Approve Boris Novak/u }).click();
    await inbox(anna).getByText('Approved', { exact: true }).waitFor();
    await chair(vera, 'Mechanic').getByText('Taken').waitFor();
  });

  await step('approving the second fails in the server’s words, and shows what became of the request', async () => {
    watch.allow(/status of 400/u);
    const second = inbox(anna).getByRole('listitem').filter({ hasText: 'Vera Lind' });
    await second.getByRole('button', { name: /^Approve/u }).click();
    await second.getByRole('alert').waitFor();
    await second.getByText('Rejected', { exact: true }).waitFor();
    assert.equal(await second.getByRole('button').count(), 0);
    await chair(vera, 'Mechanic').getByText('You asked').waitFor({ state: 'hidden' });
    await notice(vera, 'rejected your request').waitFor();
  });

  await step('a request is taken back, and disappears from the inbox', async () => {
    await chair(vera, 'Seller').getByRole('button', { name: 'Ask for this seat' }).click();
    const asked = inbox(anna).getByRole('listitem').filter({ hasText: 'Asks for the seller’s seat' });
    await asked.waitFor();
    await chair(vera, 'Seller').getByRole('button', { name: /^Withdraw/u }).click();
    await chair(vera, 'Seller').getByRole('button', { name: 'Ask for this seat' }).waitFor();
    await asked.waitFor({ state: 'hidden' });
  });

  await step('an offer is declined with a reason', async () => {
    await anna.goto(`/salons/${salon.id}`);
    await chair(anna, 'Seller').getByRole('button', { name: 'Offer this seat to somebody' }).click();
    await anna.getByRole('dialog').getByRole('button', { name: /Vera Lind/u }).click();
    await anna.getByRole('dialog').getByRole('button', { name: 'Offer', exact: true }).click();
    await anna.getByRole('button', { name: 'Salon actions' }).click();
    await anna.getByRole('menuitem', { name: 'Change name and location' }).click();
    await chair(vera, 'Seller').getByRole('button', { name: /^Decline/u }).click();
    await vera.getByLabel('Reason').fill('I am a painter');
    await vera.getByRole('dialog').getByRole('button', { name: 'Decline', exact: true }).click();
    // A notice waits until the dialog that would hide it is closed.
    await chair(anna, 'Seller').getByText('You offered them').waitFor({ state: 'hidden' });
    assert.equal(await notice(anna, 'Vera Lind declined').count(), 0);
    await anna.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click();
    await notice(anna, 'Vera Lind declined the seller’s seat').waitFor();
    await chair(vera, 'Seller').getByRole('button', { name: 'Ask for this seat' }).waitFor();
  });

  await step('the salon gets another name, seen by all', async () => {
    await anna.getByRole('button', { name: 'Salon actions' }).click();
    await anna.getByRole('menuitem', { name: 'Change name and location' }).click();
    await anna.getByLabel('Name', { exact: true }).fill('Nordlicht');
    await anna.getByRole('button', { name: 'Save', exact: true }).click();
    await heading(anna, 'Nordlicht').waitFor();
    await heading(vera, 'Nordlicht').waitFor();
  });

  await step('a question about a person ends when the seat is not theirs any more, and does not come back', async () => {
    const remove = chair(anna, 'Mechanic').getByRole('button', { name: 'Remove' });
    await remove.click();
    const dialog = anna.getByRole('dialog', { name: 'Remove Boris Novak' });
    await dialog.waitFor();
    const { chairs } = await borisAccount.call('GET', `/api/salons/${salon.id}`);
    await borisAccount.call('DELETE', `/api/salon_role/${chairs.find((one) => one.role === 'mechanic').seat}`);
    await notice(anna, 'Boris Novak no longer holds the mechanic’s seat').waitFor();
    const again = await borisAccount.call('POST', '/api/invitation_to_auto_salon', { auto_salon: salon.id, role: 'mechanic' });
    await annaAccount.call('PATCH', `/api/invitation_to_auto_salon/${again.id}/approved`, {});
    await remove.waitFor();
    assert.equal(await dialog.count(), 0);
    const dismiss = notice(anna, 'no longer holds').getByRole('button', { name: 'Dismiss' }).last();
    await dismiss.click();
    await notice(anna, 'no longer holds').waitFor({ state: 'hidden' });
  });

  await step('a dialog stays until the slow server has answered; only beside it one presses it away', async () => {
    const remove = chair(anna, 'Mechanic').getByRole('button', { name: 'Remove' });
    const dialog = anna.getByRole('dialog', { name: 'Remove Boris Novak' });
    await remove.click();
    await anna.mouse.click(5, 5);
    await dialog.waitFor({ state: 'hidden' });
    await remove.click();
    // As on its scrollbar: within its box, and on nothing in it.
    await dialog.evaluate((node) => {
      const { right, top } = node.getBoundingClientRect();
      node.dispatchEvent(new MouseEvent('mousedown', { clientX: right - 4, clientY: top + 40, bubbles: true }));
    });
    let answer;
    const slow = new Promise((done) => (answer = done));
    await anna.route('**/api/salon_role/*', (route) => slow.then(() => route.continue()));
    await dialog.getByRole('button', { name: 'Remove', exact: true }).click();
    await dialog.getByText('One moment…').waitFor({ state: 'attached' });
    await anna.keyboard.press('Escape');
    await anna.keyboard.press('Escape');
    await anna.mouse.click(5, 5);
    assert.equal(await dialog.getByRole('button', { name: 'Cancel' }).isDisabled(), true);
    assert.equal(await dialog.getByRole('button', { name: 'Close' }).isDisabled(), true);
    answer();
    await chair(anna, 'Mechanic').getByText('Vacant').waitFor();
    await dialog.waitFor({ state: 'hidden' });
    assert.equal(await notice(anna, 'no longer holds').count(), 0, 'it was her own doing');
  });

  await step('what happened while a window was cut off is there when it is back', async () => {
    for (const one of [watch, veras]) one.allow(UNREACHABLE);
    await chair(vera, 'Seller').getByRole('button', { name: 'Ask for this seat' }).click();
    await inbox(anna).getByText('Vera Lind').waitFor();
    await server.kill();
    await server.startAgain();
    const { data } = await annaAccount.call('GET', `/api/invitations?salon=${salon.id}&status=pending`);
    await annaAccount.call('PATCH', `/api/invitation_to_auto_salon/${data[0].id}/approved`, {});
    await chair(vera, 'Seller').getByText('(you)').waitFor();
    await vera.getByRole('link', { name: 'Open the staff room' }).waitFor();
    await chair(anna, 'Seller').getByText('Vera Lind').waitFor();
    await salonsWaiting(vera, 2).waitFor();
  });
});

// Files in a room: with progress, a picture of what is in them, a caption, and gone when deleted.

import assert from 'node:assert/strict';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { register } from './harness/api.mjs';
import { act, box, log, message, openChat, say } from './harness/parts.mjs';
import { story } from './harness/story.mjs';

/** A small picture, drawn by the browser itself. */
const picture = (page, type, width, height) =>
  page.evaluate(
    async ([mediaType, w, h]) => {
      const canvas = document.createElement('canvas');
      canvas.width = w;
      canvas.height = h;
      const context = canvas.getContext('2d');
      context.fillStyle = '#1d5c46';
      context.fillRect(0, 0, w, h);
      context.fillStyle = '#f4b942';
      context.fillRect(w / 4, h / 4, w / 2, h / 2);
      const blob = await new Promise((resolve) => canvas.toBlob(resolve, mediaType));
      return [...new Uint8Array(await blob.arrayBuffer())];
    },
    [type, width, height],
  );

/** A file of that many zeros. */
async function largeFile(folder, name, bytes) {
  const path = join(folder, name);
  const file = await open(path, 'w');
  await file.truncate(bytes);
  await file.close();
  return path;
}

async function attach(page, files) {
  const chooser = page.waitForEvent('filechooser');
  await page.getByRole('button', { name: 'Attach files' }).click();
  await (await chooser).setFiles(files);
}

story('files are shared', {}, async ({ server, visitors, step }) => {
  const folder = await mkdtemp(join(tmpdir(), 'parlor-files-'));
  const annaAccount = await register(server, 'anna', 'Anna', 'Keller');
  const borisAccount = await register(server, 'boris', 'Boris', 'Novak');
  await annaAccount.room('Workshop');
  await borisAccount.room('Workshop');
  const { page: anna, watch } = await visitors.window('anna', { account: annaAccount });
  const { page: boris } = await visitors.window('boris', { account: borisAccount });
  await Promise.all([anna.goto('/'), boris.goto('/')]);
  await Promise.all([openChat(anna, 'Workshop'), openChat(boris, 'Workshop')]);

  await step('two files and a caption arrive, the picture with its thumbnail', async () => {
    await attach(anna, [
      { name: 'car.jpg', mimeType: 'image/jpeg', buffer: Buffer.from(await picture(anna, 'image/jpeg', 1600, 1200)) },
      { name: 'offer.pdf', mimeType: 'application/pdf', buffer: Buffer.concat([Buffer.from('%PDF-1.7\n'), Buffer.alloc(200_000)]) },
    ]);
    await anna.getByRole('list', { name: 'Files to send' }).getByText('offer.pdf').waitFor();
    await say(anna, 'This is how it came back');
    await message(boris, 'This is how it came back').getByRole('link', { name: 'Open image car.jpg' }).waitFor();
    await log(boris).getByRole('link', { name: /Download\s*offer\.pdf/u }).waitFor();
    assert.match(await log(boris).innerText(), /came back[^]*offer\.pdf/u, 'in the order chosen');
    const shown = log(boris).getByRole('img', { name: 'car.jpg' });
    await shown.evaluate((image) => image.decode());
    const { source, natural, drawn } = await shown.evaluate((image) => ({
      source: image.getAttribute('src'), natural: image.naturalWidth, drawn: image.width,
    }));
    assert.match(source, /^\/media\/.*thumbnail/u);
    assert.ok(natural > 0 && natural < 1600 && drawn <= 320, `${natural} ${drawn}`);
  });

  await step('a download has the bytes and the name', async () => {
    const download = boris.waitForEvent('download');
    await log(boris).getByRole('link', { name: /Download\s*offer\.pdf/u }).click();
    const file = await download;
    assert.equal(file.suggestedFilename(), 'offer.pdf');
    let bytes = 0;
    for await (const chunk of await file.createReadStream()) bytes += chunk.length;
    assert.equal(bytes, 200_009);
  });

  await step('an upload shows how far it is, and can be cancelled', async () => {
    // A server that does not read on stops the upload where the buffers in between are full.
    server.freeze();
    await attach(anna, await largeFile(folder, 'film.mp4', 24_000_000));
    await anna.getByRole('button', { name: 'Send', exact: true }).click();
    const bar = log(anna).getByRole('progressbar', { name: 'Uploading film.mp4' });
    await bar.waitFor();
    await anna.waitForFunction(() => document.querySelector('[role="log"] progress')?.value > 0);
    watch.allow(/ERR_ABORTED/u);
    await log(anna).getByRole('button', { name: 'Cancel upload' }).click();
    await bar.waitFor({ state: 'hidden' });
    server.thaw();
    await say(anna, 'After the film');
    await message(boris, 'After the film').waitFor();
    assert.equal(await log(boris).getByText('film.mp4').count(), 0);
  });

  await step('a file above the limit is refused before it is sent', async () => {
    await attach(anna, await largeFile(folder, 'too-large.bin', 25 * 1024 * 1024 + 1));
    await anna.getByRole('alert').getByText(/“too-large\.bin” is larger than/u).waitFor();
    assert.equal(await anna.getByRole('list', { name: 'Files to send' }).count(), 0);
  });

  await step('a pasted file waits beside the text and can be taken out again', async () => {
    await box(anna).evaluate((node) => {
      const clipboardData = new DataTransfer();
      clipboardData.items.add(new File(['hi'], 'pasted.txt', { type: 'text/plain' }));
      node.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }));
    });
    await anna.getByRole('button', { name: 'Remove pasted.txt' }).click();
    await anna.getByRole('list', { name: 'Files to send' }).waitFor({ state: 'hidden' });
  });

  await step('deleting takes the file away for everyone', async () => {
    const address = await log(boris).getByRole('link', { name: 'Open image car.jpg' }).getAttribute('href');
    await act(anna, 'This is how it came back', 'Delete');
    await anna.getByRole('dialog').getByRole('button', { name: 'Delete', exact: true }).click();
    await log(boris).getByRole('link', { name: 'Open image car.jpg' }).waitFor({ state: 'hidden' });
    const answer = await boris.context().request.get(address);
    assert.equal(answer.status(), 404);
    await rm(folder, { recursive: true });
  });
});

// A browser's own WebSocket at every door: with the cookie from a page of the site, never from a page of another one.
// What is said and heard is in tests/clients/doors.json.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { register } from './harness/api.mjs';
import { story } from './harness/story.mjs';

const table = JSON.parse(await readFile(new URL('../clients/doors.json', import.meta.url), 'utf8')).sockets;

/** The table's entries with the names of this world in them. */
function filled(value, names) {
  if (typeof value === 'string') return value.replaceAll(/\{(\w+)\}/gu, (_, name) => names[name]);
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map((inner) => filled(inner, names));
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, filled(inner, names)]));
}

/** Opens a socket that keeps what it hears; tells whether it opened. */
const opens = (page, url) =>
  page.evaluate(
    (address) =>
      new Promise((done) => {
        const socket = new WebSocket(address);
        window.chat = { socket, heard: [] };
        socket.onmessage = ({ data }) => window.chat.heard.push(JSON.parse(data));
        socket.onopen = () => done(true);
        socket.onclose = () => done(false);
      }),
    url,
  );

const says = (page, frame) => page.evaluate((said) => window.chat.socket.send(JSON.stringify(said)), frame);

const hears = (page, part) =>
  page.waitForFunction((wanted) => {
    const contains = (value, inner) =>
      inner !== null && typeof inner === 'object' && value !== null && typeof value === 'object'
        ? Object.entries(inner).every(([key, one]) => key in value && contains(value[key], one))
        : value === inner;
    return window.chat.heard.some((frame) => contains(frame, wanted));
  }, part);

story('a browser’s own WebSocket', {}, async ({ server, visitors, step }) => {
  const annaAccount = await register(server, 'anna', 'Anna');
  const borisAccount = await register(server, 'boris', 'Boris');
  const room = await annaAccount.room('workshop');
  await borisAccount.room('workshop');
  const { page: anna, context } = await visitors.window('anna', { account: annaAccount });
  const { page: boris } = await visitors.window('boris', { account: borisAccount });
  // A page of the site that has no sockets of its own.
  await Promise.all([anna.goto('/docs'), boris.goto('/docs')]);
  const names = { room: 'workshop', room_id: room.id, anna: annaAccount.id, boris: borisAccount.id };
  const socketAt = (path) => server.origin.replace('http', 'ws') + path;

  for (const entry of table) {
    await step(`${entry.door} at ${entry.path}`, async () => {
      const { path, says: said, hears: heard, others_hear: others } = filled(entry, { ...names, text: 'hello from a browser' });
      assert.ok(await opens(boris, socketAt(path)));
      assert.ok(await opens(anna, socketAt(path)));
      await says(anna, said);
      await hears(anna, heard);
      if (others) await hears(boris, others);
    });
  }

  await step('a page of another site gets no socket, though the browser sends the cookie', async () => {
    // Cookies do not look at ports: to the browser this is the same site, and yet another origin.
    const other = createServer((_, answer) => answer.end('<!doctype html><title>Other</title>'));
    await new Promise((done) => other.listen(0, '127.0.0.1', done));
    const page = await context.newPage();
    await page.goto(`http://127.0.0.1:${other.address().port}/`);
    for (const { path } of table) assert.equal(await opens(page, socketAt(filled(path, names))), false, path);
    other.close();
    await page.close();
  });
});

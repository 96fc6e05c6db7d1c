// Accounts as a script uses them: to lay out what a story needs before it begins, not to test it.

export const PASSWORD = 'a long enough secret';

export class Account {
  #origin;
  #cookie;

  constructor(origin, cookie, me) {
    this.#origin = origin;
    this.#cookie = cookie;
    this.me = me;
  }

  get id() {
    return this.me.id;
  }

  get cookie() {
    return this.#cookie;
  }

  async call(method, path, body) {
    return (await request(this.#origin, method, path, body, this.#cookie)).json;
  }

  post(room, content, more = {}) {
    return this.call('POST', `/api/rooms/${room}/messages`, { content, ...more });
  }

  /** Joins the public room of that name; the first to ask makes it. */
  room(name) {
    return this.call('PUT', `/api/rooms/by-name/${encodeURIComponent(name)}`, {});
  }

  direct(other) {
    return this.call('PUT', `/api/direct/${other.id}`, {});
  }
}

/** Makes the first administrator by the link that the server printed. */
export async function setUp(server, username = 'olga', name = 'Olga Brandt') {
  const token = new URL(server.setUpLink).searchParams.get('token');
  const account = { token, username, name, email: `${username}@salon.example`, password: PASSWORD };
  return signedIn(server, await request(server.origin, 'POST', '/api/setup', account));
}

export async function register(server, username, name, surname) {
  const email = `${username}@salon.example`;
  const profile = { name, surname };
  await request(server.origin, 'POST', '/api/user/registration', { email, username, password: PASSWORD, profile });
  return signedIn(server, await request(server.origin, 'POST', '/api/session', { login: username, password: PASSWORD }));
}

function signedIn(server, { json, cookie }) {
  return new Account(server.origin, cookie, json);
}

async function request(origin, method, path, body, cookie) {
  const headers = { Accept: 'application/json', Origin: new URL(origin).origin };
  if (body !== undefined) headers['Content-Type'] = 'application/json';
  if (cookie) headers.Cookie = cookie;
  const answer = await fetch(origin + path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${path} answered ${answer.status}: ${text}`);
  const set = answer.headers.getSetCookie().map((line) => line.split(';')[0]);
  return { json: text === '' ? null : JSON.parse(text), cookie: set.find((pair) => pair.startsWith('parlor_session=')) };
}

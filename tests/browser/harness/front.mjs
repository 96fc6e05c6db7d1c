// A tiny reverse proxy, as somebody might have it before Parlor: everything below a path goes there, the rest is not found.

import { createServer, request } from 'node:http';
import { connect } from 'node:net';

export class Front {
  #server;
  #folder;
  #target = null;

  constructor(server, folder) {
    this.#server = server;
    this.#folder = folder;
    server.on('request', (incoming, answer) => this.#passOn(incoming, answer));
    server.on('upgrade', (incoming, socket, head) => this.#passUpgradeOn(incoming, socket, head));
  }

  /** Listens on a port of its own; `folder` is like `/chat`. */
  static async open(folder) {
    const server = createServer();
    await new Promise((done) => server.listen(0, '127.0.0.1', done));
    // It lives as long as the tests of its file.
    server.unref();
    return new Front(server, folder);
  }

  /** The address under which Parlor is found. */
  get url() {
    return `http://127.0.0.1:${this.#server.address().port}${this.#folder}`;
  }

  /** `address` is where Parlor listens. */
  leadsTo(address) {
    const [host, port] = address.split(':');
    this.#target = { host, port: Number(port) };
  }

  #isBelow(incoming) {
    return this.#target !== null && incoming.url.startsWith(`${this.#folder}/`);
  }

  #passOn(incoming, answer) {
    if (!this.#isBelow(incoming)) {
      answer.writeHead(404).end('Not the chat');
      return;
    }
    const { method, url: path, headers } = incoming;
    // A connection for each request: a kept one may be closed just as it is used again.
    const passed = request({ ...this.#target, method, path, headers, agent: false }, (got) => {
      answer.writeHead(got.statusCode, got.headers);
      got.pipe(answer);
    });
    passed.on('error', () => answer.destroy());
    incoming.pipe(passed);
  }

  #passUpgradeOn(incoming, socket, head) {
    if (!this.#isBelow(incoming)) {
      socket.end('HTTP/1.1 404 Not Found\r\n\r\n');
      return;
    }
    const lines = [`${incoming.method} ${incoming.url} HTTP/1.1`];
    for (let at = 0; at < incoming.rawHeaders.length; at += 2) lines.push(incoming.rawHeaders.slice(at, at + 2).join(': '));
    const passed = connect(this.#target, () => {
      passed.write(`${lines.join('\r\n')}\r\n\r\n`);
      passed.write(head);
      socket.pipe(passed).pipe(socket);
    });
    for (const [one, other] of [[socket, passed], [passed, socket]]) one.on('error', () => other.destroy());
  }
}

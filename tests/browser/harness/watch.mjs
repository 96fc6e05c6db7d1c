// What a page must never do: log an error, throw, break its content policy, or ask another site for anything.

export class Watch {
  #allowed = [];
  faults = [];

  constructor(page, origin) {
    page.on('console', (message) => {
      if (message.type() !== 'error') return;
      const text = `${message.text()} ${message.location().url}`;
      // Asking who is signed in has "nobody" among its answers; a browser logs that answer as an error.
      if (/status of 401 .*\/api\/session$/u.test(text)) return;
      this.#fault(`console: ${text}`);
    });
    page.on('pageerror', (error) => this.#fault(`thrown: ${error.stack ?? error.message}`));
    page.on('request', (request) => {
      const url = request.url();
      if (!url.startsWith(`${origin}/`) && !/^(?:blob|data):/u.test(url)) this.#fault(`foreign request: ${url}`);
    });
    page.on('websocket', (socket) => {
      if (!socket.url().startsWith(`${origin.replace('http', 'ws')}/`)) this.#fault(`foreign socket: ${socket.url()}`);
    });
  }

  /** From now on this is part of the story, such as refused connections while the server is down. */
  allow(pattern) {
    this.#allowed.push(pattern);
  }

  #fault(text) {
    if (!this.#allowed.some((pattern) => pattern.test(text))) this.faults.push(text);
  }
}

/** What the browser logs when the server is gone, still starting, or the network is off. */
export const UNREACHABLE = /status of 503|ERR_(?:CONNECTION|INTERNET|NETWORK|EMPTY|SOCKET)|WebSocket connection to/u;

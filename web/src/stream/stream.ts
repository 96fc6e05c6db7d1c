// The WebSocket client: one connection, kept alive, resumed where it broke. Knows frames, nothing of rooms or pages.

import { ApiError, offlineError } from '../api/http';
import { backoffMs } from './backoff';
import { parseFrame } from './frames';
import type { Ack, Command, Hello, ServerFrame, StreamEvent } from './frames';
import { isRepeat } from './position';

export type StreamStatus = 'stopped' | 'connecting' | 'open' | 'waiting';

const SESSION_ENDED = 4401;
const ACK_TIMEOUT_MS = 10_000;
const CONNECT_TIMEOUT_MS = 10_000;

export interface StreamHandlers {
  onStatus: (status: StreamStatus) => void;
  onHello: (hello: Hello) => void;
  onEvent: (event: StreamEvent) => void;
  onSessionEnded: () => void;
  /** Asked after an attempt that never opened: a refused upgrade does not tell a browser why. */
  isSessionAlive: () => Promise<boolean>;
}

interface Waiting {
  resolve: (ack: Ack) => void;
  reject: (cause: ApiError) => void;
  timer: ReturnType<typeof setTimeout>;
}

export class EventStream {
  #url: string;
  #handlers: StreamHandlers;
  #socket: WebSocket | null = null;
  #status: StreamStatus = 'stopped';
  #position: string | null = null;
  #attempt = 0;
  #nextRequest = 1;
  #waiting = new Map<string, Waiting>();
  #retry: ReturnType<typeof setTimeout> | undefined;
  #heartbeat: ReturnType<typeof setInterval> | undefined;

  constructor(url: string, handlers: StreamHandlers) {
    this.#url = url;
    this.#handlers = handlers;
  }

  get isOpen(): boolean {
    return this.#status === 'open';
  }

  start(): void {
    if (this.#status === 'stopped') this.#connect();
  }

  /** Ends the connection and forgets the position: the next start is a fresh one. */
  stop(): void {
    clearTimeout(this.#retry);
    this.#position = null;
    this.#attempt = 0;
    this.#drop();
    this.#setStatus('stopped');
  }

  /** Something hints that the network changed: try now, or find out whether the connection still lives. */
  nudge(): void {
    if (this.#status === 'waiting') {
      clearTimeout(this.#retry);
      this.#attempt = 0;
      this.#connect();
    } else if (this.#status === 'open') {
      this.#checkAlive();
    }
  }

  /** Sends without asking for an answer; lost when the connection is down. */
  tell(command: Command): void {
    if (this.isOpen) this.#socket?.send(JSON.stringify(command));
  }

  /** Sends and waits for the ack of that very command. */
  request(command: Command): Promise<Ack> {
    const socket = this.#socket;
    if (!this.isOpen || socket === null) return Promise.reject(offlineError());
    const id = `r${this.#nextRequest++}`;
    return new Promise<Ack>((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(id);
        reject(offlineError());
      }, ACK_TIMEOUT_MS);
      this.#waiting.set(id, { resolve, reject, timer });
      socket.send(JSON.stringify({ ...command, request_id: id }));
    });
  }

  #connect(): void {
    const url = this.#position === null ? this.#url : `${this.#url}?after=${encodeURIComponent(this.#position)}`;
    this.#setStatus('connecting');
    const socket = new WebSocket(url);
    this.#socket = socket;
    let greeted = false;
    const tooLong = setTimeout(() => this.#lost(socket, greeted), CONNECT_TIMEOUT_MS);
    socket.onmessage = (event: { data: unknown }) => {
      if (this.#socket !== socket || typeof event.data !== 'string') return;
      const frame = parseFrame(event.data);
      if (frame === null) return;
      if (frame.type === 'hello') {
        greeted = true;
        clearTimeout(tooLong);
      }
      this.#take(frame);
    };
    socket.onclose = (event) => {
      clearTimeout(tooLong);
      if (this.#socket !== socket) return;
      if (event.code === SESSION_ENDED) {
        this.stop();
        this.#handlers.onSessionEnded();
      } else {
        this.#lost(socket, greeted);
      }
    };
  }

  #take(frame: ServerFrame): void {
    switch (frame.type) {
      case 'hello':
        this.#attempt = 0;
        this.#setStatus('open');
        if (!frame.resumed || this.#position === null) this.#position = frame.position;
        this.#beat(frame.heartbeat_secs);
        this.#handlers.onHello(frame);
        return;
      case 'ack':
        this.#settle(frame.request_id, (waiting) => waiting.resolve(frame));
        return;
      case 'error': {
        const error = new ApiError(frame.status, frame.code, frame.detail, frame.errors ?? {});
        if (frame.request_id !== null) this.#settle(frame.request_id, (waiting) => waiting.reject(error));
        return;
      }
      default: {
        const position = 'position' in frame ? frame.position : undefined;
        if (isRepeat(this.#position, position)) return;
        if (position !== undefined) this.#position = position;
        this.#handlers.onEvent(frame);
      }
    }
  }

  #settle(id: string, finish: (waiting: Waiting) => void): void {
    const waiting = this.#waiting.get(id);
    if (waiting === undefined) return;
    clearTimeout(waiting.timer);
    this.#waiting.delete(id);
    finish(waiting);
  }

  #lost(socket: WebSocket, greeted: boolean): void {
    if (this.#socket !== socket) return;
    this.#drop();
    const wait = backoffMs(this.#attempt++);
    this.#setStatus('waiting');
    this.#retry = setTimeout(() => this.#connect(), wait);
    if (greeted) return;
    void this.#handlers.isSessionAlive().then((alive) => {
      if (alive || this.#status === 'stopped') return;
      this.stop();
      this.#handlers.onSessionEnded();
    });
  }

  #drop(): void {
    clearInterval(this.#heartbeat);
    const socket = this.#socket;
    this.#socket = null;
    socket?.close();
    for (const id of [...this.#waiting.keys()]) this.#settle(id, (waiting) => waiting.reject(offlineError()));
  }

  /** Browsers answer the server's pings unseen; asking ourselves is how this side learns of a dead connection. */
  #beat(heartbeatSecs: number): void {
    clearInterval(this.#heartbeat);
    this.#heartbeat = setInterval(() => this.#checkAlive(), Math.max(5, heartbeatSecs) * 1000);
  }

  #checkAlive(): void {
    const socket = this.#socket;
    if (socket === null) return;
    this.request({ type: 'ping' }).catch((cause: unknown) => {
      // An error frame is an answer too: only silence means a dead connection.
      if (cause instanceof ApiError && cause.isOffline) this.#lost(socket, true);
    });
  }

  #setStatus(status: StreamStatus): void {
    if (this.#status === status) return;
    this.#status = status;
    this.#handlers.onStatus(status);
  }
}

// Who is signed in, and whether the server is there at all.

import { ApiError, whenSignedOut } from '../api/http';
import * as api from '../api/session';
import type { Config, Me } from '../api/types';
import { forgetOutbox } from './keptOutbox';
import { router } from './router.svelte';
import { signInPath } from './routes';

export type BootState = 'loading' | 'ready' | 'starting' | 'unreachable';

const AGAIN_MS = 1_500;

class SessionStore {
  boot: BootState = $state('loading');
  config: Config | null = $state.raw(null);
  me: Me | null = $state.raw(null);
  /** The session ended without one's having signed out here. */
  wasEnded: boolean = $state(false);
  #onEnd: () => void = () => undefined;
  #isLeaving = false;

  /** Reads the server's configuration and this browser's session; keeps asking while the server starts. */
  async start(onEnd: () => void): Promise<void> {
    this.#onEnd = onEnd;
    whenSignedOut(() => this.end());
    await this.#load();
  }

  async retry(): Promise<void> {
    this.boot = 'loading';
    await this.#load();
  }

  async #load(): Promise<void> {
    try {
      const [config, me] = await Promise.all([api.getConfig(), this.#whoAmI()]);
      this.config = config;
      this.me = me;
      this.boot = 'ready';
    } catch (cause) {
      const starting = cause instanceof ApiError && cause.status === 503;
      this.boot = starting ? 'starting' : 'unreachable';
      setTimeout(() => void this.#load(), starting ? AGAIN_MS : AGAIN_MS * 3);
    }
  }

  async #whoAmI(): Promise<Me | null> {
    try {
      return await api.getSession();
    } catch (cause) {
      if (cause instanceof ApiError && cause.status === 401) return null;
      throw cause;
    }
  }

  /** Whether the server still knows this session. Unreachable counts as alive: that is not a sign-out. */
  async isAlive(): Promise<boolean> {
    try {
      this.me = await api.getSession();
      return true;
    } catch (cause) {
      return !(cause instanceof ApiError && cause.status === 401);
    }
  }

  async signIn(login: string, password: string): Promise<void> {
    this.me = await api.signIn(login, password);
    this.wasEnded = false;
  }

  async setUp(setup: api.Setup): Promise<void> {
    this.me = await api.setUp(setup);
    if (this.config) this.config = { ...this.config, setup_needed: false };
  }

  signOut(): Promise<void> {
    return this.#leave(api.signOut);
  }

  signOutEverywhere(): Promise<void> {
    return this.#leave(api.endAllSessions);
  }

  async #leave(leaving: () => Promise<void>): Promise<void> {
    this.#isLeaving = true;
    try {
      if (this.me) forgetOutbox(this.me.id);
      await leaving();
      this.end();
    } finally {
      this.#isLeaving = false;
    }
  }

  /** The session is over. Unless one signs out, the sign-in page leads here again. The stream may say so before the answer does. */
  end(): void {
    if (this.me === null) return;
    this.me = null;
    this.wasEnded = !this.#isLeaving;
    this.#onEnd();
    router.go(signInPath(this.#isLeaving ? '/' : router.path), 'replace');
  }
}

export const session = new SessionStore();

// Who is signed in here, and setting the server up.

import { allPages, call } from './http';
import type { Config, Me, Page, Session } from './types';

export const getConfig = (): Promise<Config> => call('GET', '/api/config');

export const getSession = (): Promise<Me> => call('GET', '/api/session', { onUnauthorized: 'report' });

export const signIn = (login: string, password: string): Promise<Me> =>
  call('POST', '/api/session', { json: { login, password }, onUnauthorized: 'report' });

export const signOut = (): Promise<void> => call('DELETE', '/api/session', { onUnauthorized: 'report' });

export const listSessions = (): Promise<Session[]> =>
  allPages((page) => call<Page<Session>>('GET', '/api/sessions', { query: { page, size: 100 } }));

export const endSession = (id: string): Promise<void> => call('DELETE', `/api/sessions/${id}`);

export const endAllSessions = (): Promise<void> => call('DELETE', '/api/sessions');

export interface Setup {
  token: string;
  email: string;
  username: string;
  password: string;
  name: string;
}

export const setUp = (setup: Setup): Promise<Me> =>
  call('POST', '/api/setup', { json: setup, onUnauthorized: 'report' });

export interface Registration {
  email: string;
  password: string;
  username?: string;
  profile?: { name: string; surname?: string };
  invite_code?: string;
}

export const register = (registration: Registration): Promise<unknown> =>
  call('POST', '/api/user/registration', { json: registration, onUnauthorized: 'report' });

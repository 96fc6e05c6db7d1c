// The directory, and what administrators do in it.

import { allPages, call } from './http';
import type { InviteCode, Page, Person } from './types';

export const listPeople = (search: string, page = 1, size = 50, signal?: AbortSignal): Promise<Page<Person>> =>
  call('GET', '/api/user', { query: { search, page, size }, ...(signal ? { signal } : {}) });

export const isActive = (person: Person): boolean => (person.status ?? 'active') === 'active';

export const setBlocked = (id: string, action: 'block' | 'unblock'): Promise<unknown> =>
  call('PATCH', `/api/user/block_unblock/${id}`, { json: { action } });

export const makeAdmin = (id: string): Promise<unknown> => call('PATCH', `/api/user/make_admin/${id}`, { json: {} });

export const deletePerson = (id: string): Promise<void> => call('DELETE', `/api/user/${id}`);

export const createInviteCode = (uses: number, validDays: number): Promise<InviteCode> =>
  call('POST', '/api/invite_codes', { json: { uses, valid_days: validDays } });

export const listInviteCodes = (): Promise<InviteCode[]> =>
  allPages((page) => call<InviteCode[] | Page<InviteCode>>('GET', '/api/invite_codes', { query: { page, size: 100 } }));

export const deleteInviteCode = (id: string): Promise<void> => call('DELETE', `/api/invite_codes/${id}`);

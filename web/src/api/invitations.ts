// Requests for seats, offers of seats, and the notifications of what became of them.

import { allPages, call } from './http';
import type { Id, Invitation, Notification, Page, SeatRole } from './types';

/** All of every status, newest first; of one salon when it is named. */
export const listInvitations = (page = 1, size = 50, salon?: Id): Promise<Page<Invitation>> =>
  call('GET', '/api/invitations', { query: { salon, page, size } });

export const listPending = (): Promise<Invitation[]> =>
  allPages((page) => call<Page<Invitation>>('GET', '/api/invitations', { query: { status: 'pending', page, size: 100 } }));

export const ask = (salon: Id, role: SeatRole): Promise<unknown> =>
  call('POST', '/api/invitation_to_auto_salon', { json: { auto_salon: salon, role } });

export const offer = (salon: Id, role: SeatRole, user: Id): Promise<unknown> =>
  call('POST', '/api/invitation_to_auto_salon', { json: { auto_salon: salon, role, user } });

export const approve = (id: Id): Promise<unknown> =>
  call('PATCH', `/api/invitation_to_auto_salon/${id}/approved`, { json: {} });

export const reject = (id: Id, reason: string): Promise<unknown> =>
  call('PATCH', `/api/invitation_to_auto_salon/${id}/rejected`, { json: reason === '' ? {} : { reason } });

export const withdraw = (id: Id): Promise<void> =>
  call('DELETE', `/api/invitation_to_auto_salon/delete/invitation/${id}`);

/** Those not yet seen, newest first. */
export const listNotifications = (): Promise<Notification[]> => call('GET', '/api/notifications');

export const markSeen = (id: Id): Promise<void> => call('DELETE', `/api/notifications/${id}`);

export const markAllSeen = (): Promise<void> => call('DELETE', '/api/notifications');

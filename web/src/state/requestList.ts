// What waits between one and the salons: one's seats, requests and offers, and notifications not yet seen. Pure.

import type { Id, Invitation, InvitationStatus, Notification, PersonLite, SeatRole } from '../api/types';
import type { StreamEvent } from '../stream/frames';
import { invitationText, notificationText } from './salonText';

export interface Requests {
  /** Salon to the seat one holds in it. */
  readonly seats: ReadonlyMap<Id, SeatRole>;
  /** Those one may see: one's own, and those of the salons one decides in. */
  readonly invitations: ReadonlyMap<Id, Invitation>;
  /** Newest first. */
  readonly notifications: readonly Notification[];
  /** Salons that were closed while this page was open. */
  readonly closed: ReadonlySet<Id>;
}

/** As much of the reader as decides what they may do. */
export interface Reader {
  id: Id;
  is_admin: boolean;
}

export const noRequests: Requests = { seats: new Map(), invitations: new Map(), notifications: [], closed: new Set() };

/** Takes one event. Repeats change nothing. */
export function apply(all: Requests, event: StreamEvent, me: Id): Requests {
  switch (event.type) {
    case 'invitation_created':
    case 'invitation_updated':
      return withInvitations(all, [event.invitation]);
    case 'invitation_deleted':
      return { ...all, invitations: without(all.invitations, event.invitation) };
    case 'notification_created':
      if (all.notifications.some((known) => known.id === event.notification.id)) return all;
      return { ...all, notifications: [event.notification, ...all.notifications] };
    case 'notification_seen':
      return { ...all, notifications: all.notifications.filter((known) => known.id !== event.notification) };
    case 'seat_filled':
      if (event.seat.holder.id !== me) return all;
      return { ...all, seats: new Map(all.seats).set(event.seat.salon, event.seat.role) };
    case 'seat_vacated':
      if (event.seat.holder.id !== me || all.seats.get(event.seat.salon) !== event.seat.role) return all;
      return { ...all, seats: without(all.seats, event.seat.salon) };
    case 'salon_updated':
      return renamed(all, event.salon.id, event.salon.name);
    case 'salon_deleted':
      return closed(all, event.salon);
    case 'person_updated':
      return withPerson(all, event.user);
    default:
      return all;
  }
}

/** Joins what was read or told; what is told later is truer. A decision is final, so a late "pending" is not believed. */
export function withInvitations(all: Requests, told: readonly Invitation[]): Requests {
  const invitations = new Map(all.invitations);
  for (const invitation of told) {
    const known = invitations.get(invitation.id);
    if (known === undefined || known.status === 'pending' || invitation.status !== 'pending') {
      invitations.set(invitation.id, invitation);
    }
  }
  return { ...all, invitations };
}

function without<T>(map: ReadonlyMap<Id, T>, id: Id): ReadonlyMap<Id, T> {
  if (!map.has(id)) return map;
  const left = new Map(map);
  left.delete(id);
  return left;
}

function closed(all: Requests, salon: Id): Requests {
  const invitations = new Map([...all.invitations].filter(([, invitation]) => invitation.salon !== salon));
  return { ...all, seats: without(all.seats, salon), invitations, closed: new Set(all.closed).add(salon) };
}

function renamed(all: Requests, salon: Id, name: string): Requests {
  return mapped(all, (one) => (one.salon === salon ? { ...one, salon_name: name } : one), (one) =>
    one.salon === salon ? { ...one, salon_name: name } : one,
  );
}

function withPerson(all: Requests, person: PersonLite): Requests {
  const now = <T extends PersonLite | null>(known: T): T | PersonLite => (known?.id === person.id ? person : known);
  return mapped(
    all,
    (one) => ({
      ...one,
      person: now(one.person),
      made_by: now(one.made_by),
      decided_by: now(one.decided_by),
      succeeds: now(one.succeeds),
    }),
    (one) => ({ ...one, by: now(one.by) }),
  );
}

function mapped(
  all: Requests,
  invitation: (one: Invitation) => Invitation,
  notification: (one: Notification) => Notification,
): Requests {
  return {
    ...all,
    invitations: new Map([...all.invitations].map(([id, one]) => [id, invitation(one)])),
    notifications: all.notifications.map(notification),
  };
}

/** Newest first. Ids are in the order in which they were made, also when the server's clock was set back meanwhile. */
export const sorted = (all: Requests): Invitation[] =>
  [...all.invitations.values()].sort((a, b) => b.id.localeCompare(a.id));

const leads = (all: Requests, salon: Id): boolean => {
  const role = all.seats.get(salon);
  return role === 'superuser' || role === 'admin';
};

/** Whose decision an invitation is. `site`: only as a site administrator; the salon has people of its own for it. */
export type Decides = 'self' | 'site' | 'no';

export function decides(all: Requests, invitation: Invitation, me: Reader): Decides {
  if (invitation.kind === 'offer') return invitation.person.id === me.id ? 'self' : 'no';
  if (leads(all, invitation.salon)) return 'self';
  return me.is_admin ? 'site' : 'no';
}

/** Whoever made it takes it back; an offer also whoever leads the salon or administers the site. */
export const mayWithdraw = (all: Requests, invitation: Invitation, me: Reader): boolean =>
  invitation.status === 'pending' &&
  (invitation.made_by.id === me.id || (invitation.kind === 'offer' && (me.is_admin || leads(all, invitation.salon))));

/** One's own requests, the offers made to one or by one, and those of the salons one leads. */
export const isMine = (all: Requests, invitation: Invitation, me: Reader): boolean =>
  invitation.person.id === me.id ||
  invitation.made_by.id === me.id ||
  (invitation.kind === 'offer' && leads(all, invitation.salon));

export const isPending = (invitation: { status: InvitationStatus }): boolean => invitation.status === 'pending';

/** How much waits for one: what to decide, and what to take note of. */
export function countWaiting(all: Requests, me: Reader): number {
  const toDecide = [...all.invitations.values()].filter((one) => isPending(one) && decides(all, one, me) === 'self');
  return toDecide.length + all.notifications.length;
}

/** Whether a salon is known to be gone: there is no page to lead to. */
export const isClosed = (all: Requests, salon: Id): boolean =>
  all.closed.has(salon) || all.notifications.some((one) => one.salon === salon && one.kind === 'salon_deleted');

/** What one is told of at once, wherever one is, and the id of what it is about. */
export function newsOf(event: StreamEvent, me: Id): { id: Id; text: string } | null {
  if (event.type === 'notification_created') {
    const { id, reason } = event.notification;
    return { id, text: `${notificationText(event.notification)}${reason ? ` “${reason}”` : ''}` };
  }
  if (event.type !== 'invitation_created') return null;
  const { id, kind, person, status, salon_name: salon } = event.invitation;
  const isOfferToMe = kind === 'offer' && person.id === me && status === 'pending';
  return isOfferToMe ? { id, text: `${invitationText(event.invitation, me)} in ${salon}.` } : null;
}

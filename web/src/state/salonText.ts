// What happens in salons, in words. Pure.

import type { Invitation, LogEntry, Notification, PersonLite, PersonRole, SeatRole } from '../api/types';

export const SEAT_NAMES: Record<SeatRole, string> = {
  superuser: 'Superuser',
  admin: 'Admin',
  seller: 'Seller',
  mechanic: 'Mechanic',
};

export const SEAT_DUTIES: Record<SeatRole, string> = {
  superuser: 'Leads the salon: gives every other seat, and can close the salon.',
  admin: 'Decides who sits as seller and mechanic, and keeps the salon’s name and place right.',
  seller: 'Talks to customers for the salon.',
  mechanic: 'Works on the cars.',
};

/** What stands beside a name; nothing for most people. */
export const BADGES: Record<PersonRole, string> = {
  admin: 'Administrator',
  seller: 'Seller',
  salon_member: 'Salon',
  user: '',
  guest: 'Guest',
};

/** "the seller’s seat" */
export const seatOf = (role: SeatRole): string => `the ${role}’s seat`;

const nameOf = (person: PersonLite | null): string => person?.display_name ?? 'The operator';

/** An invitation as `me` reads it: a sentence about it, without the salon's name. */
export function invitationText(invitation: Invitation, me: string): string {
  const seat = seatOf(invitation.role);
  const mine = invitation.person.id === me;
  if (invitation.kind === 'request') return mine ? `You asked for ${seat}` : `Asks for ${seat}`;
  const byMe = invitation.made_by.id === me;
  const giver = byMe ? 'You' : nameOf(invitation.made_by);
  const given = mine ? 'you' : 'them';
  if (invitation.succeeds !== null) return `${giver} ${byMe ? 'want' : 'wants'} to hand ${seat} over to ${given}`;
  return `${giver} offered ${given} ${seat}`;
}

/** What taking over the superuser's seat costs whoever holds another one, by the name of that seat. */
export function priceText(invitation: Invitation, held: SeatRole | undefined): string {
  if (invitation.succeeds === null || invitation.role !== 'superuser' || held === undefined) return '';
  return `When you accept, you lead the salon, and your ${held}’s seat becomes vacant.`;
}

/** What handing a seat over means, before it is offered. */
export function handOverText(role: SeatRole, salon: string, holder: PersonLite, isMine: boolean): string {
  const who = isMine ? 'you' : holder.display_name;
  if (role === 'superuser') {
    const loses = isMine ? 'you hold none in it any more' : `${who} holds none in it any more`;
    return `The successor must hold a seat in ${salon} already. When they accept, they lead the salon and their own seat becomes vacant; ${loses}. The staff room goes on with all that was written in it.`;
  }
  return `When the successor accepts, the seat is theirs, and ${isMine ? 'you leave' : `${who} leaves`} the salon. They can read all that was written in the staff room before.`;
}

/** Why one cannot ask for a vacant seat, although one holds none in the salon. */
export function waitingText({ kind, role }: Invitation): string {
  return kind === 'offer'
    ? `You were offered ${seatOf(role)}. Answer that before you ask for this one.`
    : `You asked for ${seatOf(role)}. Withdraw that to ask for this one.`;
}

/** What became of it. */
export function statusText({ kind, status }: Invitation): string {
  if (status === 'pending') return 'Pending';
  if (kind === 'offer') return status === 'approved' ? 'Accepted' : 'Declined';
  return status === 'approved' ? 'Approved' : 'Rejected';
}

export function notificationText({ kind, salon_name: salon, role, by }: Notification): string {
  const seat = role === null ? 'a seat' : seatOf(role);
  switch (kind) {
    case 'request_approved':
      return `${nameOf(by)} approved your request: you now hold ${seat} in ${salon}.`;
    case 'request_rejected':
      return `${nameOf(by)} rejected your request for ${seat} in ${salon}.`;
    case 'offer_accepted':
      return `${nameOf(by)} accepted ${seat} in ${salon}.`;
    case 'offer_declined':
      return `${nameOf(by)} declined ${seat} in ${salon}.`;
    case 'seat_removed':
      return `${nameOf(by)} removed you from ${seat} in ${salon}.`;
    case 'salon_deleted':
      return `${nameOf(by)} closed ${salon}.`;
    case 'request_deleted':
      return `${nameOf(by)} deleted your request for ${seat} in ${salon}.`;
    case 'offer_withdrawn':
      return `${nameOf(by)} withdrew the offer of ${seat} in ${salon}.`;
  }
}

/** A line of the log of decisions, without who did it. */
export function logText({ action, role, person }: LogEntry): string {
  const seat = role === null ? 'a seat' : seatOf(role);
  const whom = nameOf(person);
  switch (action) {
    case 'founded':
      return 'founded the salon';
    case 'changed':
      return 'changed the name or the location';
    case 'offered':
      return `offered ${whom} ${seat}`;
    case 'approved':
      return `approved ${whom} for ${seat}`;
    case 'rejected':
      return `rejected ${whom} for ${seat}`;
    case 'accepted':
      return `accepted ${seat}`;
    case 'declined':
      return `declined ${seat}`;
    case 'left':
      return `gave up ${seat}`;
    case 'removed':
      return `removed ${whom} from ${seat}`;
    case 'handed_over':
      return `handed ${seat} over to ${whom}`;
    case 'deleted':
      return 'closed the salon';
    case 'withdrawn':
      return `withdrew the invitation of ${whom} to ${seat}`;
  }
}

export const logActor = (entry: LogEntry): string => nameOf(entry.by);

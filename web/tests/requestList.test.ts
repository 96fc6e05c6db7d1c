import { describe, expect, it } from 'vitest';
import type { Invitation } from '../src/api/types';
import { apply, countWaiting, decides, isClosed, isMine, mayWithdraw, newsOf, noRequests, sorted, withInvitations } from '../src/state/requestList';
import type { Reader, Requests } from '../src/state/requestList';
import type { StreamEvent } from '../src/stream/frames';
import { ANNA, BORIS, SALON, invitation, notification, person, salon, seat } from './samples';

const anna: Reader = { id: ANNA, is_admin: false };
const boris: Reader = { id: BORIS, is_admin: false };
const site: Reader = { id: 'olga', is_admin: true };

const after = (me: string, ...events: StreamEvent[]): Requests =>
  events.reduce((all, event) => apply(all, event, me), noRequests);
const created = (more: Partial<Invitation> = {}): StreamEvent => ({ type: 'invitation_created', invitation: invitation(more) });
const offer: Partial<Invitation> = { id: 'o1', kind: 'offer', made_by: person(ANNA, 'Anna') };
const led: StreamEvent = { type: 'seat_filled', seat: seat(ANNA, { role: 'superuser' }) };

describe('whose decision it is', () => {
  it('is that of superuser and admin for a request, and of the person for an offer', () => {
    const annas = after(ANNA, led);
    expect(decides(annas, invitation(), anna)).toBe('self');
    expect(decides(annas, invitation(offer), anna)).toBe('no');
    expect(decides(noRequests, invitation(offer), boris)).toBe('self');
    expect(decides(noRequests, invitation(), boris)).toBe('no');
    const admins = after(BORIS, { type: 'seat_filled', seat: seat(BORIS, { role: 'admin' }) });
    expect(decides(admins, invitation(), boris)).toBe('self');
  });

  it('is not that of a seller, nor of somebody who leads another salon', () => {
    expect(decides(after(ANNA, { type: 'seat_filled', seat: seat(ANNA) }), invitation(), anna)).toBe('no');
    expect(decides(after(ANNA, led), invitation({ salon: 'elsewhere' }), anna)).toBe('no');
  });

  it('is told apart when it is only an administrator’s of the site', () => {
    expect(decides(noRequests, invitation(), site)).toBe('site');
    expect(decides(noRequests, invitation(offer), site)).toBe('no');
  });

  it('may be withdrawn by whoever made it, an offer by whoever leads the salon, and only while pending', () => {
    expect(mayWithdraw(noRequests, invitation(), boris)).toBe(true);
    expect(mayWithdraw(noRequests, invitation({ status: 'approved' }), boris)).toBe(false);
    expect(mayWithdraw(noRequests, invitation(), anna)).toBe(false);
    const admins = after('vera', { type: 'seat_filled', seat: seat('vera', { role: 'admin' }) });
    expect(mayWithdraw(admins, invitation(offer), { id: 'vera', is_admin: false })).toBe(true);
    expect(mayWithdraw(admins, invitation(), { id: 'vera', is_admin: false })).toBe(false);
    expect(mayWithdraw(noRequests, invitation(offer), site)).toBe(true);
  });
});

describe('what waits', () => {
  it('counts requests one decides, offers to one, and notifications', () => {
    expect(countWaiting(after(ANNA, led, created(), created({ id: 'i2', status: 'rejected' })), anna)).toBe(1);
    expect(countWaiting(after(BORIS, created(offer), { type: 'notification_created', notification: notification() }), boris)).toBe(2);
    expect(countWaiting(after(BORIS, created()), boris)).toBe(0);
  });

  it('does not count what an administrator of the site only may decide', () => {
    expect(countWaiting(after('olga', created()), site)).toBe(0);
  });

  it('goes with the seat', () => {
    const vacated: StreamEvent = { type: 'seat_vacated', seat: seat(ANNA, { role: 'superuser' }) };
    expect(countWaiting(after(ANNA, led, created(), vacated), anna)).toBe(0);
  });
});

describe('events', () => {
  it('replace an invitation, and no late one makes it pending again', () => {
    const rejected = invitation({ status: 'rejected', reason: 'Not now' });
    const all = after(BORIS, created(), { type: 'invitation_updated', invitation: rejected });
    expect(sorted(all)).toEqual([rejected]);
    expect(sorted(withInvitations(all, [invitation()]))).toEqual([rejected]);
  });

  it('take one away', () => {
    const gone: StreamEvent = { type: 'invitation_deleted', invitation: 'i1' };
    expect(after(BORIS, created(), gone).invitations.size).toBe(0);
    expect(after(BORIS, gone).invitations).toBe(noRequests.invitations);
  });

  it('bring a notification once, until it is seen', () => {
    const told: StreamEvent = { type: 'notification_created', notification: notification() };
    expect(after(BORIS, told, told).notifications).toHaveLength(1);
    expect(after(BORIS, told, { type: 'notification_seen', notification: 'n1' }).notifications).toEqual([]);
  });

  it('keep one’s seat: that of others is none of it, and an old one’s end is not the new one’s', () => {
    const seller: StreamEvent = { type: 'seat_filled', seat: seat(ANNA) };
    expect(after(BORIS, seller).seats.size).toBe(0);
    const moved = after(ANNA, seller, led, { type: 'seat_vacated', seat: seat(ANNA) });
    expect(moved.seats.get(SALON)).toBe('superuser');
  });

  it('end everything of a closed salon but the notification of it', () => {
    const closed = notification({ id: 'n2', kind: 'salon_deleted' });
    const all = after(ANNA, led, created(), created({ id: 'i2', salon: 'elsewhere' }), { type: 'notification_created', notification: closed }, { type: 'salon_deleted', salon: SALON });
    expect(all.seats.size).toBe(0);
    expect([...all.invitations.keys()]).toEqual(['i2']);
    expect(all.notifications).toEqual([closed]);
  });

  it('rename salons and people wherever they stand', () => {
    const told: StreamEvent = { type: 'notification_created', notification: notification() };
    const all = after(
      BORIS,
      created({ decided_by: person(ANNA, 'Anna') }),
      told,
      { type: 'salon_updated', salon: salon({ name: 'Garage Süd' }) },
      { type: 'person_updated', user: person(ANNA, 'Anna K.') },
    );
    expect(sorted(all)[0]).toMatchObject({ salon_name: 'Garage Süd', decided_by: { display_name: 'Anna K.' }, person: { display_name: 'Boris' } });
    expect(all.notifications[0]).toMatchObject({ salon_name: 'Garage Süd', by: { display_name: 'Anna K.' } });
  });
});

it('lists the newest first, and knows one’s own', () => {
  const all = after(BORIS, created(), created({ id: 'i2', created_at: '2025-06-01T08:00:00.000000Z', person: person('vera'), made_by: person('vera') }));
  expect(sorted(all).map((one) => one.id)).toEqual(['i2', 'i1']);
  expect(sorted(all).filter((one) => isMine(all, one, boris)).map((one) => one.id)).toEqual(['i1']);
});

describe('news', () => {
  it('is a decision about oneself, with its reason', () => {
    const told = notification({ reason: 'Not now' });
    expect(newsOf({ type: 'notification_created', notification: told }, BORIS)).toEqual({
      id: told.id,
      text: 'Anna rejected your request for the seller’s seat in Garage Nord. “Not now”',
    });
  });

  it('is an offer to oneself, as long as it is open', () => {
    expect(newsOf(created(offer), BORIS)?.text).toBe('Anna offered you the seller’s seat in Garage Nord.');
    expect(newsOf(created(offer), ANNA)).toBeNull();
    expect(newsOf(created({ ...offer, status: 'approved' }), BORIS)).toBeNull();
    expect(newsOf(created(), ANNA)).toBeNull();
  });
});

it('a salon that was closed is known to be gone, by what happened or by what one was told', () => {
  expect(isClosed(after(BORIS, { type: 'salon_deleted', salon: SALON }), SALON)).toBe(true);
  const told: StreamEvent = { type: 'notification_created', notification: notification({ kind: 'salon_deleted' }) };
  expect(isClosed(after(BORIS, told), SALON)).toBe(true);
  expect(isClosed(after(BORIS, { type: 'notification_created', notification: notification() }), SALON)).toBe(false);
});

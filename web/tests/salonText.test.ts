import { describe, expect, it } from 'vitest';
import type { LogEntry } from '../src/api/types';
import { BADGES, handOverText, invitationText, logActor, logText, notificationText, priceText, statusText, waitingText } from '../src/state/salonText';
import { ANNA, BORIS, invitation, notification, person } from './samples';

const offer = invitation({ kind: 'offer', role: 'admin', made_by: person(ANNA, 'Anna') });

describe('an invitation', () => {
  it('speaks to whom it concerns', () => {
    expect(invitationText(invitation(), BORIS)).toBe('You asked for the seller’s seat');
    expect(invitationText(invitation(), ANNA)).toBe('Asks for the seller’s seat');
    expect(invitationText(offer, BORIS)).toBe('Anna offered you the admin’s seat');
    expect(invitationText(offer, ANNA)).toBe('You offered them the admin’s seat');
    expect(invitationText(offer, 'vera')).toBe('Anna offered them the admin’s seat');
  });

  it('says when a seat is to change hands', () => {
    const handed = { ...offer, succeeds: person(ANNA, 'Anna') };
    expect(invitationText(handed, BORIS)).toBe('Anna wants to hand the admin’s seat over to you');
    expect(invitationText(handed, ANNA)).toBe('You want to hand the admin’s seat over to them');
  });

  it('says what taking a salon over costs whoever holds another seat', () => {
    const handed = { ...offer, role: 'superuser' as const, succeeds: person(ANNA, 'Anna') };
    expect(priceText(handed, 'mechanic')).toBe('When you accept, you lead the salon, and your mechanic’s seat becomes vacant.');
    expect(priceText(handed, undefined)).toBe('');
    expect(priceText({ ...handed, role: 'seller' }, 'mechanic')).toBe('');
    expect(priceText(offer, 'mechanic')).toBe('');
  });

  it('stands in the way of another one', () => {
    expect(waitingText(invitation())).toBe('You asked for the seller’s seat. Withdraw that to ask for this one.');
    expect(waitingText(offer)).toBe('You were offered the admin’s seat. Answer that before you ask for this one.');
  });

  it('is approved or accepted, rejected or declined', () => {
    expect(statusText(invitation())).toBe('Pending');
    expect(statusText(invitation({ status: 'approved' }))).toBe('Approved');
    expect(statusText({ ...offer, status: 'approved' })).toBe('Accepted');
    expect(statusText({ ...offer, status: 'rejected' })).toBe('Declined');
  });
});

it('a notification is a sentence', () => {
  expect(notificationText(notification())).toBe('Anna rejected your request for the seller’s seat in Garage Nord.');
  expect(notificationText(notification({ kind: 'seat_removed', by: null }))).toBe(
    'The operator removed you from the seller’s seat in Garage Nord.',
  );
  expect(notificationText(notification({ kind: 'salon_deleted', role: null }))).toBe('Anna closed Garage Nord.');
  expect(notificationText(notification({ kind: 'request_deleted' }))).toBe('Anna deleted your request for the seller’s seat in Garage Nord.');
  expect(notificationText(notification({ kind: 'offer_withdrawn', by: null }))).toBe(
    'The operator withdrew the offer of the seller’s seat in Garage Nord.',
  );
});

it('a line of the log says who did what to whom', () => {
  const entry: LogEntry = { id: 'l1', at: '', by: null, action: 'removed', role: 'mechanic', person: person(BORIS, 'Boris'), reason: null };
  expect(`${logActor(entry)} ${logText(entry)}`).toBe('The operator removed Boris from the mechanic’s seat');
  expect(logText({ ...entry, action: 'founded', role: null, person: null })).toBe('founded the salon');
  expect(logText({ ...entry, action: 'withdrawn' })).toBe('withdrew the invitation of Boris to the mechanic’s seat');
});

it('most people carry no badge', () => {
  expect(BADGES.user).toBe('');
  expect(BADGES.guest).toBe('Guest');
});

it('handing a seat over is told apart by whose seat it is', () => {
  const anna = person(ANNA, 'Anna');
  expect(handOverText('superuser', 'Nord', anna, true)).toContain('you hold none in it any more');
  expect(handOverText('superuser', 'Nord', anna, false)).toContain('Anna holds none in it any more');
  expect(handOverText('seller', 'Nord', anna, true)).toContain('you leave the salon');
  expect(handOverText('seller', 'Nord', anna, false)).toContain('Anna leaves the salon');
});

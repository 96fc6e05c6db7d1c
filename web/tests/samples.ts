// Small builders of what the server sends.

import type { Invitation, Member, Message, MessagePage, Notification, PersonLite, Room, SalonInfo, Seat } from '../src/api/types';

export const ANNA = 'anna';
export const BORIS = 'boris';
export const ROOM = 'workshop';

export const person = (id: string, name = id): PersonLite => ({
  id,
  username: id,
  display_name: name,
  avatar: null,
  role: 'user',
});

export const message = (seq: number, more: Partial<Message> = {}): Message => ({
  uuid: `m${seq}`,
  chat_room: ROOM,
  seq,
  sender: BORIS,
  sender_name: 'Boris',
  sender_role: 'user',
  content: `text ${seq}`,
  file: null,
  attachment: null,
  job: null,
  reply_to: null,
  client_id: null,
  timestamp: new Date(Date.UTC(2025, 4, 5, 8, 0, seq)).toISOString(),
  is_edited: false,
  edited_at: null,
  is_deleted: false,
  deleted_by: null,
  is_viewed: false,
  read_by: [],
  ...more,
});

export const messages = (from: number, to: number): Message[] =>
  Array.from({ length: to - from + 1 }, (_, at) => message(from + at));

export const page = (from: number, to: number, ends: { before?: boolean; after?: boolean } = {}): MessagePage => ({
  room_id: ROOM,
  messages: messages(from, to),
  has_before: ends.before ?? false,
  has_after: ends.after ?? false,
});

export const room = (more: Partial<Room> = {}): Room => ({
  id: ROOM,
  kind: 'public',
  name: 'Workshop',
  title: 'Workshop',
  topic: null,
  archived: false,
  created_by: ANNA,
  created_at: '2025-05-01T08:00:00.000000Z',
  member_count: 2,
  role: 'member',
  peer: null,
  recruiter: null,
  salon: null,
  last_seq: 10,
  read_seq: 10,
  unread: 0,
  last_message: message(10),
  ...more,
});

export const member = (id: string, more: Partial<Member> = {}): Member => ({
  user: person(id),
  role: 'member',
  joined_at: '2025-05-01T08:00:00.000000Z',
  read_seq: 0,
  online: false,
  ...more,
});

export const SALON = 'nord';

export const salon = (more: Partial<SalonInfo> = {}): SalonInfo => ({
  id: SALON,
  name: 'Garage Nord',
  location: 'Kiel',
  created_at: '2025-05-01T08:00:00.000000Z',
  superuser: person(ANNA, 'Anna'),
  vacant_roles: ['admin', 'seller', 'mechanic'],
  ...more,
});

export const seat = (holder: string, more: Partial<Seat> = {}): Seat => ({
  id: `seat-${holder}`,
  salon: SALON,
  role: 'seller',
  holder: person(holder),
  since: '2025-05-02T08:00:00.000000Z',
  ...more,
});

/** Boris asks for the seller's seat in Anna's salon. */
export const invitation = (more: Partial<Invitation> = {}): Invitation => ({
  id: 'i1',
  salon: SALON,
  salon_name: 'Garage Nord',
  role: 'seller',
  kind: 'request',
  person: person(BORIS, 'Boris'),
  made_by: person(BORIS, 'Boris'),
  status: 'pending',
  reason: null,
  created_at: '2025-05-03T08:00:00.000000Z',
  decided_at: null,
  decided_by: null,
  succeeds: null,
  ...more,
});

export const notification = (more: Partial<Notification> = {}): Notification => ({
  id: 'n1',
  created_at: '2025-05-03T09:00:00.000000Z',
  kind: 'request_rejected',
  salon: SALON,
  salon_name: 'Garage Nord',
  role: 'seller',
  reason: null,
  by: person(ANNA, 'Anna'),
  ...more,
});

// Small builders of what the server sends.

import type { Member, Message, MessagePage, PersonLite, Room } from '../src/api/types';

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

// What travels over the event stream, both ways.

import type { Id, Invitation, Member, Message, Notification, PersonLite, Room, SalonInfo, Seat } from '../api/types';

export interface Hello {
  type: 'hello';
  user: PersonLite;
  position: string;
  resumed: boolean;
  online: Id[];
  heartbeat_secs: number;
}

export interface MessageEvent {
  type: 'message_created' | 'message_updated' | 'message_deleted';
  message: Message;
  position?: string;
}

export interface TypingEvent {
  type: 'typing';
  room: Id;
  user: Id;
  typing: boolean;
}

export interface MessageReadEvent {
  type: 'message_read';
  message_id: Id;
  user_id: Id;
  room: Id;
  read_seq: number;
  position?: string;
}

export interface UnreadEvent {
  type: 'unread';
  room: Id;
  unread: number;
  read_seq: number;
  position?: string;
}

export interface PresenceEvent {
  type: 'presence';
  online: Id[];
  offline: Id[];
}

export interface RoomEvent {
  type: 'room_created' | 'room_updated';
  room: Room;
  position?: string;
}

export interface RoomDeletedEvent {
  type: 'room_deleted';
  room: Id;
  position?: string;
}

export interface MemberEvent {
  type: 'member_joined' | 'member_updated';
  room: Id;
  member: Member;
  position?: string;
}

export interface MemberLeftEvent {
  type: 'member_left';
  room: Id;
  user: Id;
  position?: string;
}

export interface PersonUpdatedEvent {
  type: 'person_updated';
  user: PersonLite;
  position?: string;
}

export interface SalonEvent {
  type: 'salon_created' | 'salon_updated';
  salon: SalonInfo;
  position?: string;
}

export interface SalonDeletedEvent {
  type: 'salon_deleted';
  salon: Id;
  position?: string;
}

export interface SeatEvent {
  type: 'seat_filled' | 'seat_vacated';
  seat: Seat;
  position?: string;
}

export interface InvitationEvent {
  type: 'invitation_created' | 'invitation_updated';
  invitation: Invitation;
  position?: string;
}

export interface InvitationDeletedEvent {
  type: 'invitation_deleted';
  invitation: Id;
  position?: string;
}

export interface NotificationEvent {
  type: 'notification_created';
  notification: Notification;
  position?: string;
}

export interface NotificationSeenEvent {
  type: 'notification_seen';
  notification: Id;
  position?: string;
}

/** Everything the pure state functions understand. */
export type StreamEvent =
  | MessageEvent
  | TypingEvent
  | MessageReadEvent
  | UnreadEvent
  | PresenceEvent
  | RoomEvent
  | RoomDeletedEvent
  | MemberEvent
  | MemberLeftEvent
  | PersonUpdatedEvent
  | SalonEvent
  | SalonDeletedEvent
  | SeatEvent
  | InvitationEvent
  | InvitationDeletedEvent
  | NotificationEvent
  | NotificationSeenEvent;

export interface Ack {
  type: 'ack';
  request_id: string;
  message?: { uuid: Id; seq: number; timestamp: string; client_id?: string | null };
}

export interface ErrorFrame {
  type: 'error';
  request_id: string | null;
  status: number;
  code: string;
  detail: string;
  errors?: Record<string, string[]>;
}

export type ServerFrame = Hello | Ack | ErrorFrame | StreamEvent;

export type Command =
  | { type: 'send'; room: Id; content: string; client_id: string; reply_to?: Id }
  | { type: 'read'; message: Id }
  | { type: 'typing'; room: Id; typing: boolean }
  | { type: 'subscribe' | 'unsubscribe'; room: Id }
  | { type: 'ping' };

const EVENT_TYPES: ReadonlySet<string> = new Set<StreamEvent['type']>([
  'message_created', 'message_updated', 'message_deleted', 'typing', 'message_read', 'unread', 'presence',
  'room_created', 'room_updated', 'room_deleted', 'member_joined', 'member_updated', 'member_left', 'person_updated',
  'salon_created', 'salon_updated', 'salon_deleted', 'seat_filled', 'seat_vacated',
  'invitation_created', 'invitation_updated', 'invitation_deleted', 'notification_created', 'notification_seen',
]);

/** `null` for anything this client does not know: a newer server may say more. */
export function parseFrame(text: string): ServerFrame | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (value === null || typeof value !== 'object' || !('type' in value) || typeof value.type !== 'string') return null;
  const known = value.type === 'hello' || value.type === 'ack' || value.type === 'error' || EVENT_TYPES.has(value.type);
  return known ? (value as ServerFrame) : null;
}

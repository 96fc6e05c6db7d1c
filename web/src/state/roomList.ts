// The rooms one is in, with their newest message and unread count. Pure.

import type { Id, Message, Room } from '../api/types';
import type { StreamEvent } from '../stream/frames';

export type RoomList = ReadonlyMap<Id, Room>;

export const fromRooms = (rooms: readonly Room[]): RoomList => new Map(rooms.map((room) => [room.id, room]));

export function put(rooms: RoomList, room: Room): RoomList {
  return new Map(rooms).set(room.id, room);
}

export function drop(rooms: RoomList, id: Id): RoomList {
  if (!rooms.has(id)) return rooms;
  const left = new Map(rooms);
  left.delete(id);
  return left;
}

const activity = (room: Room): string => room.last_message?.timestamp ?? room.created_at;

/** Newest activity first. */
export const sorted = (rooms: RoomList): Room[] =>
  [...rooms.values()].sort((a, b) => activity(b).localeCompare(activity(a)) || a.title.localeCompare(b.title));

export const totalUnread = (rooms: RoomList): number => {
  let total = 0;
  for (const room of rooms.values()) total += room.unread;
  return total;
};

/** Rooms whose title, topic or peer has every word of the query. */
export function filterRooms(rooms: readonly Room[], query: string): Room[] {
  const words = query.toLocaleLowerCase().split(/\s+/u).filter(Boolean);
  return rooms.filter((room) => {
    const text = `${room.title} ${room.topic ?? ''} ${room.peer?.username ?? ''}`.toLocaleLowerCase();
    return words.every((word) => text.includes(word));
  });
}

/** Takes one event; `me` decides what counts as unread. Events of rooms not in the list change nothing. */
export function apply(rooms: RoomList, event: StreamEvent, me: Id): RoomList {
  switch (event.type) {
    case 'message_created':
      return change(rooms, event.message.chat_room, (room) => created(room, event.message, me));
    case 'message_updated':
    case 'message_deleted':
      return change(rooms, event.message.chat_room, (room) =>
        room.last_message?.uuid === event.message.uuid ? { ...room, last_message: event.message } : room,
      );
    case 'unread':
      return change(rooms, event.room, (room) =>
        event.read_seq >= room.read_seq ? { ...room, unread: event.unread, read_seq: event.read_seq } : room,
      );
    case 'room_updated':
      return change(rooms, event.room.id, (room) => shared(room, event.room));
    case 'room_deleted':
      return drop(rooms, event.room);
    case 'member_left':
      if (event.user === me) return drop(rooms, event.room);
      return change(rooms, event.room, (room) => ({ ...room, member_count: Math.max(0, room.member_count - 1) }));
    case 'member_joined':
      if (event.member.user.id === me) return rooms;
      return change(rooms, event.room, (room) => ({ ...room, member_count: room.member_count + 1 }));
    case 'member_updated':
      if (event.member.user.id !== me) return rooms;
      return change(rooms, event.room, (room) => ({ ...room, role: event.member.role }));
    case 'person_updated':
      return renamed(rooms, event.user.id, (room) => ({
        ...room,
        peer: event.user,
        title: room.kind === 'direct' ? event.user.display_name : room.title,
      }));
    default:
      return rooms;
  }
}

/** One has read up to `seq`; the count follows without waiting for the server. */
export const markRead = (rooms: RoomList, id: Id, seq: number): RoomList =>
  change(rooms, id, (room) =>
    seq <= room.read_seq && room.unread === 0
      ? room
      : { ...room, read_seq: Math.max(seq, room.read_seq), unread: seq >= room.last_seq ? 0 : room.unread },
  );

/** The room in which one has less to read by this event, if any: an unread message of somebody else was deleted. */
export function lessUnread(rooms: RoomList, event: StreamEvent, me: Id): Id | null {
  if (event.type !== 'message_deleted' || event.message.sender === me) return null;
  const room = rooms.get(event.message.chat_room);
  return room !== undefined && room.unread > 0 && event.message.seq > room.read_seq ? room.id : null;
}

/** Takes the server's count of what is unread, unless something was written or read here since it was made. */
export const recounted = (rooms: RoomList, told: Room): RoomList =>
  change(rooms, told.id, (room) => {
    if (room.last_seq > told.last_seq || room.read_seq > told.read_seq) return room;
    const { unread, read_seq, last_seq } = told;
    // What is counted here must not be counted again when the stream tells of it.
    return { ...room, unread, read_seq, last_seq, last_message: room.last_seq < last_seq ? told.last_message : room.last_message };
  });

function change(rooms: RoomList, id: Id, changed: (room: Room) => Room): RoomList {
  const room = rooms.get(id);
  if (room === undefined) return rooms;
  const next = changed(room);
  return next === room ? rooms : put(rooms, next);
}

function renamed(rooms: RoomList, peer: Id, changed: (room: Room) => Room): RoomList {
  let next = rooms;
  for (const room of rooms.values()) {
    if (room.peer?.id === peer) next = put(next, changed(room));
  }
  return next;
}

function created(room: Room, message: Message, me: Id): Room {
  if (message.seq <= room.last_seq) return room;
  const next = { ...room, last_seq: message.seq, last_message: message };
  // Whoever posts has seen the room.
  if (message.sender === me) return { ...next, read_seq: message.seq, unread: 0 };
  return message.seq > room.read_seq ? { ...next, unread: room.unread + 1 } : next;
}

/** What is the same for everyone. The event may have been written for another reader, so the rest stays as we know it. */
function shared(room: Room, update: Room): Room {
  return {
    ...room,
    kind: update.kind,
    name: update.name,
    title: room.kind === 'direct' ? room.title : update.title,
    topic: update.topic,
    archived: update.archived,
    member_count: update.member_count,
  };
}

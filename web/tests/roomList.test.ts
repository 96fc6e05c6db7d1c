import { describe, expect, it } from 'vitest';
import type { Message } from '../src/api/types';
import { apply, filterRooms, fromRooms, lessUnread, markRead, recounted, sorted, totalUnread } from '../src/state/roomList';
import type { RoomList } from '../src/state/roomList';
import type { StreamEvent } from '../src/stream/frames';
import { ANNA, BORIS, ROOM, member, message, person, room } from './samples';

const created = (seq: number, more: Partial<Message> = {}): StreamEvent => ({
  type: 'message_created',
  message: message(seq, more),
});
const after = (rooms: RoomList, ...events: StreamEvent[]): RoomList =>
  events.reduce((list, event) => apply(list, event, ANNA), rooms);
const rooms = fromRooms([room()]);

describe('unread', () => {
  it('counts what others write', () => {
    expect(after(rooms, created(11), created(12)).get(ROOM)?.unread).toBe(2);
  });

  it('counts each message once', () => {
    expect(after(rooms, created(11), created(11)).get(ROOM)?.unread).toBe(1);
  });

  it('does not count what one wrote oneself, and takes it as having read the room', () => {
    const list = after(rooms, created(11), created(12, { sender: ANNA }));
    expect(list.get(ROOM)).toMatchObject({ unread: 0, read_seq: 12, last_seq: 12 });
  });

  it('follows the read mark of another window, and only forward', () => {
    const list = after(rooms, created(11), { type: 'unread', room: ROOM, unread: 0, read_seq: 11 });
    expect(list.get(ROOM)?.unread).toBe(0);
    const late = after(list, created(12), { type: 'unread', room: ROOM, unread: 5, read_seq: 3 });
    expect(late.get(ROOM)?.unread).toBe(1);
  });

  it('is gone at once when the newest was read, and stays when an older one was', () => {
    const list = after(rooms, created(11), created(12));
    expect(markRead(list, ROOM, 12).get(ROOM)?.unread).toBe(0);
    expect(markRead(list, ROOM, 11).get(ROOM)?.unread).toBe(2);
  });

  it('is counted anew when something unread of somebody else is deleted', () => {
    const list = after(rooms, created(11), created(12));
    const deleted = (seq: number, more: Partial<Message> = {}): StreamEvent => ({
      type: 'message_deleted',
      message: message(seq, { is_deleted: true, content: null, ...more }),
    });
    expect(lessUnread(list, deleted(11), ANNA)).toBe(ROOM);
    expect(lessUnread(list, deleted(10), ANNA)).toBeNull();
    expect(lessUnread(list, deleted(12, { sender: ANNA }), ANNA)).toBeNull();
    expect(lessUnread(rooms, deleted(11), ANNA)).toBeNull();
    expect(lessUnread(list, created(13), ANNA)).toBeNull();
  });

  it('is what the server says, unless more is known here; what it counted is not counted twice', () => {
    const list = after(rooms, created(11), created(12));
    const told = room({ last_seq: 12, unread: 1, last_message: message(12) });
    const counted = recounted(list, told);
    expect(counted.get(ROOM)?.unread).toBe(1);
    expect(recounted(counted, told).get(ROOM)).toEqual(counted.get(ROOM));
    expect(recounted(after(list, created(13)), told).get(ROOM)?.unread).toBe(3);
    expect(recounted(markRead(list, ROOM, 12), told).get(ROOM)?.unread).toBe(0);
    const ahead = recounted(list, room({ last_seq: 13, unread: 2, last_message: message(13) }));
    expect(after(ahead, created(13)).get(ROOM)).toMatchObject({ unread: 2, last_seq: 13, last_message: message(13) });
  });

  it('adds up over the rooms', () => {
    expect(totalUnread(fromRooms([room({ unread: 2 }), room({ id: 'b', unread: 3 })]))).toBe(5);
  });
});

describe('the list', () => {
  it('puts the newest activity first', () => {
    const list = fromRooms([room(), room({ id: 'b', title: 'Front desk', last_message: message(2) })]);
    expect(sorted(list).map((one) => one.id)).toEqual([ROOM, 'b']);
    const moved = after(list, created(30, { chat_room: 'b' }));
    expect(sorted(moved)[0]?.id).toBe('b');
  });

  it('shows the edited and the deleted form of the newest message', () => {
    const tombstone = message(10, { is_deleted: true, content: null });
    expect(after(rooms, { type: 'message_deleted', message: tombstone }).get(ROOM)?.last_message?.is_deleted).toBe(true);
    const old = message(9, { content: 'old' });
    expect(after(rooms, { type: 'message_updated', message: old })).toBe(rooms);
  });

  it('loses a room that was deleted, and one that one has left', () => {
    expect(after(rooms, { type: 'room_deleted', room: ROOM }).size).toBe(0);
    expect(after(rooms, { type: 'member_left', room: ROOM, user: ANNA }).size).toBe(0);
    expect(after(rooms, { type: 'member_left', room: ROOM, user: BORIS }).get(ROOM)?.member_count).toBe(1);
  });

  it('takes from an update only what is the same for everyone', () => {
    const update = room({ title: 'Yard', name: 'Yard', role: null, unread: 99, read_seq: 0 });
    const list = after(fromRooms([room({ role: 'owner', unread: 1 })]), { type: 'room_updated', room: update });
    expect(list.get(ROOM)).toMatchObject({ title: 'Yard', role: 'owner', unread: 1, read_seq: 10 });
  });

  it('learns of one’s new role', () => {
    const event: StreamEvent = { type: 'member_updated', room: ROOM, member: member(ANNA, { role: 'owner' }) };
    expect(after(rooms, event).get(ROOM)?.role).toBe('owner');
  });

  it('renames a direct room with its person', () => {
    const direct = fromRooms([room({ kind: 'direct', peer: person(BORIS), title: 'boris' })]);
    expect(after(direct, { type: 'person_updated', user: person(BORIS, 'Boris N.') }).get(ROOM)?.title).toBe('Boris N.');
  });

  it('is filtered by every word', () => {
    const list = [room(), room({ id: 'b', title: 'Front desk', topic: 'Keys and visitors' })];
    expect(filterRooms(list, 'desk KEYS').map((one) => one.id)).toEqual(['b']);
    expect(filterRooms(list, ' ')).toHaveLength(2);
  });

  it('ignores rooms it does not have', () => {
    expect(after(rooms, created(1, { chat_room: 'elsewhere' }))).toBe(rooms);
  });
});

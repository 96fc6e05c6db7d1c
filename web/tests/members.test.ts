import { describe, expect, it } from 'vitest';
import { apply, fromMembers, seenBy, sortedMembers, withReceipts } from '../src/state/members';
import { ANNA, BORIS, ROOM, member, message, person } from './samples';

const members = fromMembers([member(ANNA), member(BORIS, { read_seq: 3 })]);

describe('read marks', () => {
  it('move with message_read, only forward', () => {
    const read = (seq: number) => ({ type: 'message_read' as const, message_id: 'm', user_id: BORIS, room: ROOM, read_seq: seq });
    expect(apply(members, read(7)).get(BORIS)?.read_seq).toBe(7);
    expect(apply(members, read(2))).toBe(members);
  });

  it('move with receipts, not with what one writes', () => {
    expect(withReceipts(members, [{ user: BORIS, read_seq: 9, read_at: null }]).get(BORIS)?.read_seq).toBe(9);
    expect(apply(members, { type: 'message_created', message: message(5) }).get(BORIS)?.read_seq).toBe(3);
  });

  it('tell who has seen a message, without its author', () => {
    expect(seenBy(members, 3, ANNA).map((one) => one.user.id)).toEqual([BORIS]);
    expect(seenBy(members, 4, ANNA)).toEqual([]);
    expect(seenBy(members, 1, BORIS)).toEqual([]);
  });
});

describe('membership', () => {
  it('follows joining, leaving and renaming', () => {
    const joined = apply(members, { type: 'member_joined', room: ROOM, member: member('vera') });
    expect([...joined.keys()]).toEqual([ANNA, BORIS, 'vera']);
    expect(apply(joined, { type: 'member_left', room: ROOM, user: 'vera' }).has('vera')).toBe(false);
    expect(apply(members, { type: 'person_updated', user: person(BORIS, 'B.') }).get(BORIS)?.user.display_name).toBe('B.');
    expect(apply(members, { type: 'person_updated', user: person('stranger') })).toBe(members);
  });

  it('keeps the read mark when a role changes', () => {
    const changed = apply(members, { type: 'member_updated', room: ROOM, member: member(BORIS, { role: 'owner' }) });
    expect(changed.get(BORIS)).toMatchObject({ role: 'owner', read_seq: 3 });
    expect(sortedMembers(changed)[0]?.user.id).toBe(BORIS);
  });
});

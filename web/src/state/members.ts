// Who is in the open room and how far each has read. Pure.

import type { Id, Member, Receipt } from '../api/types';
import type { StreamEvent } from '../stream/frames';

export type Members = ReadonlyMap<Id, Member>;

export const fromMembers = (members: readonly Member[]): Members =>
  new Map(members.map((member) => [member.user.id, member]));

/** Owners first, then by name. */
export const sortedMembers = (members: Members): Member[] =>
  [...members.values()].sort(
    (a, b) =>
      Number(b.role === 'owner') - Number(a.role === 'owner') || a.user.display_name.localeCompare(b.user.display_name),
  );

/** Takes one event of this room. */
export function apply(members: Members, event: StreamEvent): Members {
  switch (event.type) {
    case 'member_joined':
    case 'member_updated': {
      const known = members.get(event.member.user.id);
      const readSeq = Math.max(known?.read_seq ?? 0, event.member.read_seq);
      return new Map(members).set(event.member.user.id, { ...event.member, read_seq: readSeq });
    }
    case 'member_left': {
      if (!members.has(event.user)) return members;
      const left = new Map(members);
      left.delete(event.user);
      return left;
    }
    case 'message_read':
      return read(members, event.user_id, event.read_seq);
    case 'person_updated': {
      const known = members.get(event.user.id);
      return known ? new Map(members).set(event.user.id, { ...known, user: event.user }) : members;
    }
    default:
      return members;
  }
}

export const withReceipts = (members: Members, receipts: readonly Receipt[]): Members =>
  receipts.reduce((all, receipt) => read(all, receipt.user, receipt.read_seq), members);

/** Read marks only move forward. */
function read(members: Members, user: Id, readSeq: number): Members {
  const known = members.get(user);
  if (known === undefined || known.read_seq >= readSeq) return members;
  return new Map(members).set(user, { ...known, read_seq: readSeq });
}

/** Those, other than its author, who have come to this message. */
export const seenBy = (members: Members, seq: number, author: Id): Member[] =>
  sortedMembers(members).filter((member) => member.user.id !== author && member.read_seq >= seq);

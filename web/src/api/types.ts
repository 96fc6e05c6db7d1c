// The shapes of Parlor's own API, as they travel. Nothing here computes.

export type Id = string;
/** RFC 3339, UTC. */
export type Timestamp = string;

/** Shown beside a name. `admin` is a site administrator; the seat of that name in a salon is a SeatRole. */
export type PersonRole = 'admin' | 'seller' | 'salon_member' | 'user' | 'guest';
export type RoomKind = 'public' | 'private' | 'direct' | 'recruiting' | 'staff';
export type MemberRole = 'owner' | 'member';

export interface PersonLite {
  id: Id;
  username: string;
  display_name: string;
  avatar: string | null;
  role: PersonRole;
}

export interface Person extends PersonLite {
  name: string;
  surname: string;
  about: string;
  /** Told to administrators, and to everyone about themselves; others are listed only while active. */
  status?: 'active' | 'blocked' | 'deleted';
  online: boolean;
  email?: string;
  is_admin: boolean;
  is_seller: boolean;
  created_at: Timestamp;
}

export interface Me extends Person {
  email: string;
  session_id: Id;
}

export interface Session {
  id: Id;
  current: boolean;
  created_at: Timestamp;
  last_used_at: Timestamp;
  user_agent: string | null;
  address: string | null;
}

export interface Attachment {
  id: Id;
  name: string;
  size_bytes: number;
  media_type: string;
  width: number | null;
  height: number | null;
  thumbnail: string | null;
}

export interface Quote {
  uuid: Id;
  sender: Id;
  sender_name: string;
  excerpt: string;
}

export interface Message {
  uuid: Id;
  chat_room: Id;
  /** Dense within the room, starting at 1. */
  seq: number;
  sender: Id;
  sender_name: string;
  /** The role its author had when writing it. */
  sender_role: PersonRole | null;
  content: string | null;
  file: string | null;
  attachment: Attachment | null;
  job: Id | null;
  reply_to: Quote | null;
  client_id?: string | null;
  timestamp: Timestamp;
  is_edited: boolean;
  edited_at: Timestamp | null;
  is_deleted: boolean;
  deleted_by: Id | null;
  is_viewed: boolean;
  read_by: Id[];
}

export interface Room {
  id: Id;
  kind: RoomKind;
  name: string | null;
  title: string;
  topic: string | null;
  archived: boolean;
  created_by: Id | null;
  created_at: Timestamp;
  member_count: number;
  role: MemberRole | null;
  peer: PersonLite | null;
  recruiter: Id | null;
  /** Of a staff room: whose. */
  salon: Id | null;
  last_seq: number;
  read_seq: number;
  unread: number;
  last_message: Message | null;
}

export interface Member {
  user: PersonLite;
  role: MemberRole;
  joined_at: Timestamp;
  read_seq: number;
  online: boolean;
}

export interface Receipt {
  user: Id;
  read_seq: number;
  read_at: Timestamp | null;
}

export interface MessagePage {
  room_id: Id;
  messages: Message[];
  has_before: boolean;
  has_after: boolean;
}

export interface ReadMark {
  room: Id;
  read_seq: number;
  unread: number;
}

export interface Page<T> {
  total_items: number;
  total_pages: number;
  prev: boolean;
  next: boolean;
  data: T[];
}

export interface InviteCode {
  id: Id;
  code?: string;
  link?: string;
  expires_at: Timestamp | null;
  uses_left: number;
  created_at?: Timestamp;
}

export type SeatRole = 'superuser' | 'admin' | 'seller' | 'mechanic';

/** What everyone is told about a salon. */
export interface SalonInfo {
  id: Id;
  name: string;
  location: string;
  created_at: Timestamp;
  superuser: PersonLite | null;
  vacant_roles: SeatRole[];
}

export interface Chair {
  role: SeatRole;
  is_vacant: boolean;
  /** Null, like its holder, when the chair is vacant and when one may not see who sits there. */
  seat: Id | null;
  holder: PersonLite | null;
  since: Timestamp | null;
  may_remove: boolean;
  may_hand_over: boolean;
}

/** A salon as one reader sees it: what they may do is told with it. */
export interface Salon extends SalonInfo {
  my_role: SeatRole | null;
  staff_room: Id | null;
  may_change: boolean;
  may_delete: boolean;
  may_decide: boolean;
  may_read_log: boolean;
  chairs: Chair[];
}

export interface Seat {
  id: Id;
  salon: Id;
  role: SeatRole;
  holder: PersonLite;
  since: Timestamp;
}

export type InvitationStatus = 'pending' | 'approved' | 'rejected';

/** A person's request for a seat, or a salon's offer of one. */
export interface Invitation {
  id: Id;
  salon: Id;
  salon_name: string;
  role: SeatRole;
  kind: 'request' | 'offer';
  /** Who would sit. */
  person: PersonLite;
  made_by: PersonLite;
  status: InvitationStatus;
  reason: string | null;
  created_at: Timestamp;
  decided_at: Timestamp | null;
  decided_by: PersonLite | null;
  /** Of an offer that hands a seat over: who gives it. */
  succeeds: PersonLite | null;
}

export type NotificationKind =
  | 'request_approved'
  | 'request_rejected'
  | 'offer_accepted'
  | 'offer_declined'
  | 'seat_removed'
  | 'salon_deleted'
  | 'request_deleted'
  | 'offer_withdrawn';

export interface Notification {
  id: Id;
  created_at: Timestamp;
  kind: NotificationKind;
  salon: Id;
  salon_name: string;
  role: SeatRole | null;
  reason: string | null;
  by: PersonLite | null;
}

export type LogAction =
  | 'founded'
  | 'changed'
  | 'offered'
  | 'approved'
  | 'rejected'
  | 'accepted'
  | 'declined'
  | 'left'
  | 'removed'
  | 'handed_over'
  | 'deleted'
  | 'withdrawn';

export interface LogEntry {
  id: Id;
  at: Timestamp;
  /** Null: the operator of this server. */
  by: PersonLite | null;
  action: LogAction;
  role: SeatRole | null;
  person: PersonLite | null;
  reason: string | null;
}

export interface Limits {
  message_chars: number;
  file_bytes: number;
  avatar_bytes: number;
  name_chars: number;
  topic_chars: number;
  about_chars: number;
  password_min_chars: number;
}

export interface Config {
  version: string;
  registration: 'open' | 'invite' | 'closed';
  setup_needed: boolean;
  limits: Limits;
}

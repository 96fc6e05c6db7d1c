// The shapes of Parlor's own API, as they travel. Nothing here computes.

export type Id = string;
/** RFC 3339, UTC. */
export type Timestamp = string;

export type PersonRole = 'admin' | 'seller' | 'salon_member' | 'user';
export type RoomKind = 'public' | 'private' | 'direct' | 'recruiting';
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
  sender_role: string | null;
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

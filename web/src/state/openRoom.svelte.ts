// The room one looks at: its loaded history, members, typing marks, and what may be done in it.

import { ApiError, errorText } from '../api/http';
import * as messagesApi from '../api/messages';
import * as roomsApi from '../api/rooms';
import type { Message, MessagePage, Quote, Room } from '../api/types';
import type { StreamEvent } from '../stream/frames';
import { live } from './live.svelte';
import * as memberState from './members';
import * as presence from './presence';
import { ReadMarks } from './readMarks';
import * as roomList from './roomList';
import { rooms } from './rooms.svelte';
import { sending } from './sending.svelte';
import { session } from './session.svelte';
import { excerpt } from './text';
import * as line from './timeline';

const PAGE_SIZE = 50;
const LARGEST_PAGE = 200;
/** How far one catches up message by message before starting anew at the newest. */
const CATCH_UP_PAGES = 3;

export type OpenStatus = 'loading' | 'ready' | 'missing' | 'failed';

/** A place the page should scroll to; `at` tells two wishes for one place apart. */
export interface Target {
  kind: 'message' | 'unread' | 'end';
  id: string;
  at: number;
}

export class OpenRoom {
  readonly id: string;
  status: OpenStatus = $state('loading');
  error: string | null = $state(null);
  timeline: line.Timeline = $state.raw(line.emptyTimeline);
  members: memberState.Members = $state.raw(new Map());
  typing: presence.Typing = $state.raw(new Map());
  /** The read mark before this visit; what lies beyond is marked as new. */
  readUpTo: number | null = $state(null);
  target: Target | null = $state.raw(null);
  loadingSide: line.Side | null = $state(null);
  replyTo: Message | null = $state.raw(null);
  editing: Message | null = $state.raw(null);
  /** Newest message from somebody else, for screen readers. */
  announcement: string = $state('');
  /** As read from the server; the list of rooms knows better once the room is in it. */
  #visited: Room | null = $state.raw(null);

  /** Held while history is being read, so that nothing is lost between the reading and the stream. */
  #held: StreamEvent[] | null = null;
  #catchingUp = false;
  /** How often the stream has begun anew, without what was missed. */
  #gaps = 0;
  #closed = false;
  #leave: (() => void)[] = [];
  #targets = 0;
  #marks: ReadMarks;

  constructor(id: string) {
    this.id = id;
    this.#marks = new ReadMarks(id);
  }

  get room(): Room | null {
    return rooms.get(this.id) ?? this.#visited;
  }

  open(): void {
    const stop = live.listen({
      onEvent: (event) => this.#take(event),
      onConnected: (resumed) => void this.#connected(resumed),
    });
    const timer = setInterval(() => {
      this.typing = presence.expireTyping(this.typing, Date.now());
    }, 1_000);
    const again = (): void => void (this.status === 'failed' && this.load());
    addEventListener('online', again);
    this.#leave = [stop, () => clearInterval(timer), () => removeEventListener('online', again)];
    void this.load();
  }

  close(): void {
    this.#closed = true;
    this.#leave.forEach((leave) => leave());
    if (this.room?.role === null) live.tell({ type: 'unsubscribe', room: this.id });
  }

  async load(): Promise<void> {
    this.status = this.timeline.messages.length > 0 ? 'ready' : 'loading';
    try {
      const room = rooms.get(this.id) ?? (await roomsApi.getRoom(this.id));
      this.#visited = room;
      await this.#watch();
      const size = Math.min(LARGEST_PAGE, Math.max(PAGE_SIZE, room.unread + 15));
      const gaps = this.#gaps;
      await this.#read({ newest: true }, size);
      if (this.#isGone) return;
      this.readUpTo = room.role !== null && room.unread > 0 ? room.read_seq : null;
      this.#aim(this.readUpTo === null ? 'end' : 'unread', '');
      this.status = 'ready';
      this.error = null;
      // The stream began after this was read, perhaps: what happened in between was told to nobody.
      if (gaps === this.#gaps) void this.loadMembers();
      else await this.#reload();
    } catch (cause) {
      this.#loadFailed(cause);
    }
  }

  async loadMembers(): Promise<void> {
    try {
      const [members, receipts] = await Promise.all([roomsApi.listMembers(this.id), roomsApi.listReceipts(this.id)]);
      this.members = memberState.withReceipts(memberState.fromMembers(members), receipts);
    } catch {
      // Who only looks in may not see the members; names then come from the messages.
    }
  }

  /** The stream may say so while the history is on its way. */
  get #isGone(): boolean {
    return this.status === 'missing';
  }

  #loadFailed(cause: unknown): void {
    const gone = cause instanceof ApiError && (cause.status === 404 || cause.status === 403 || cause.status === 400);
    this.status = gone ? 'missing' : 'failed';
    this.error = errorText(cause);
  }

  /** Replaces the loaded stretch. */
  async #read(stretch: messagesApi.Stretch, size: number): Promise<void> {
    this.#held ??= [];
    try {
      const page = await messagesApi.listMessages(this.id, stretch, size);
      this.timeline = line.fromPage(page);
      sending.settle(this.id, page.messages);
    } finally {
      this.#release();
    }
  }

  #release(): void {
    const held = this.#held ?? [];
    this.#held = null;
    held.forEach((event) => this.#take(event));
  }

  async loadMore(side: line.Side): Promise<void> {
    const edge = side === 'before' ? this.timeline.messages[0] : line.newest(this.timeline);
    const more = side === 'before' ? this.timeline.hasBefore : this.timeline.hasAfter;
    if (!more || !edge || this.loadingSide !== null) return;
    this.loadingSide = side;
    try {
      const stretch = side === 'before' ? { before: edge.uuid } : { after: edge.uuid };
      const page = await messagesApi.listMessages(this.id, stretch, PAGE_SIZE);
      this.#join(page, side);
    } catch (cause) {
      this.error = errorText(cause);
    } finally {
      this.loadingSide = null;
    }
  }

  #join(page: MessagePage, side: line.Side): void {
    const joined = line.joinPage(this.timeline, page, side);
    this.timeline = line.trim(joined, side === 'before' ? 'after' : 'before');
    this.error = null;
    sending.settle(this.id, page.messages);
  }

  /** Shows a message, reading the history around it when it is not loaded. */
  async jumpTo(id: string): Promise<void> {
    if (!this.timeline.messages.some((message) => message.uuid === id)) await this.#read({ around: id }, PAGE_SIZE);
    this.#aim('message', id);
  }

  async jumpToNewest(): Promise<void> {
    if (this.timeline.hasAfter) await this.#read({ newest: true }, PAGE_SIZE);
    this.#aim('end', '');
  }

  #aim(kind: Target['kind'], id: string): void {
    this.target = { kind, id, at: ++this.#targets };
  }

  async #connected(resumed: boolean): Promise<void> {
    if (!resumed) this.#gaps += 1;
    const looksIn = this.room?.role === null;
    if (this.status === 'failed' || this.#isGone) return this.load();
    await this.#watch();
    // What was missed is told again to members only.
    if ((!resumed || looksIn) && this.status !== 'loading') await this.#reload();
  }

  /** Live events of a public room come only to its members, unless one asks. Asked before the history is read, so none is lost. */
  async #watch(): Promise<void> {
    if (this.room?.role !== null || !live.isOpen) return;
    await live.request({ type: 'subscribe', room: this.id }).catch(() => undefined);
  }

  /** After a gap: the same stretch once more, with everything that happened to it. */
  async #reload(): Promise<void> {
    const messages = this.timeline.messages;
    const middle = messages[Math.floor(messages.length / 2)];
    const size = Math.min(LARGEST_PAGE, Math.max(PAGE_SIZE, messages.length));
    try {
      const around = this.timeline.hasAfter && middle ? { around: middle.uuid } : { newest: true as const };
      await this.#read(around, size);
      if (this.#isGone) return;
      this.status = 'ready';
      await this.loadMembers();
    } catch (cause) {
      this.#loadFailed(cause);
    }
  }

  async #catchUp(): Promise<void> {
    if (this.#catchingUp) return;
    this.#catchingUp = true;
    try {
      for (let read = 0; read < CATCH_UP_PAGES; read += 1) {
        const last = line.newest(this.timeline);
        if (!last) break;
        const page = await messagesApi.listMessages(this.id, { after: last.uuid }, LARGEST_PAGE);
        this.#join(page, 'after');
        if (!page.has_after) return;
      }
      await this.#read({ newest: true }, PAGE_SIZE);
    } catch (cause) {
      this.error = errorText(cause);
    } finally {
      this.#catchingUp = false;
    }
  }

  #take(event: StreamEvent): void {
    const me = session.me;
    if (me === null || this.#closed || !concerns(event, this.id)) return;
    if (this.#held !== null) {
      this.#held.push(event);
      return;
    }
    const { timeline, gap } = line.apply(this.timeline, event);
    this.timeline = this.#atEnd ? line.trim(timeline, 'before') : timeline;
    if (gap) void this.#catchUp();
    this.members = memberState.apply(this.members, event);
    this.typing = presence.applyTyping(this.typing, event, me.id, Date.now());
    this.#follow(event, me.id);
  }

  #follow(event: StreamEvent, me: string): void {
    if (event.type === 'message_created' && event.message.sender !== me) this.#announce(event.message);
    if (event.type === 'message_deleted') {
      if (this.replyTo?.uuid === event.message.uuid) this.replyTo = null;
      if (this.editing?.uuid === event.message.uuid) this.editing = null;
    }
    if (event.type === 'room_deleted') this.status = 'missing';
    if (event.type === 'member_left' && event.user === me) this.#out();
    if (this.#visited) {
      this.#visited = roomList.apply(new Map([[this.id, this.#visited]]), event, me).get(this.id) ?? this.#visited;
    }
  }

  #announce(message: Message): void {
    const text = message.content ?? (message.attachment ? `sent ${message.attachment.name}` : '');
    this.announcement = `${message.sender_name}: ${excerpt(text, 200)}`;
    // New since one last looked: the mark goes above the first of them.
    if (this.readUpTo === null && !this.#watching) this.readUpTo = message.seq - 1;
  }

  /** No longer a member: a public room may still be looked at. */
  #out(): void {
    if (this.#visited === null || this.#visited.kind !== 'public') this.status = 'missing';
    else this.#visited = { ...this.#visited, role: null, unread: 0 };
    void this.#watch();
  }

  #atEnd = true;
  #watching = false;

  /** Told by the page: whether the newest message is on screen, and whether somebody can see the screen. */
  look(atEnd: boolean, visible: boolean): void {
    this.#atEnd = atEnd;
    this.#watching = atEnd && visible;
    const last = line.newest(this.timeline);
    if (!this.#watching || this.timeline.hasAfter || !last || !this.room?.role) return;
    if (last.seq > this.room.read_seq || this.room.unread > 0) rooms.markRead(this.id, last.seq);
    this.#marks.reach(last);
  }

  send(content: string, file: File | null = null): void {
    const replyTo = this.replyTo ? quoteOf(this.replyTo) : null;
    this.replyTo = null;
    this.readUpTo = null;
    if (file) sending.file(this.id, content, file, replyTo);
    else sending.text(this.id, content, replyTo);
    void this.jumpToNewest().catch(() => undefined);
  }

  async edit(message: Message, content: string): Promise<void> {
    const edited = await messagesApi.editMessage(message.uuid, content);
    live.inject({ type: 'message_updated', message: edited });
  }

  async remove(message: Message): Promise<void> {
    await messagesApi.deleteMessage(message.uuid);
    const deletedBy = session.me?.id ?? null;
    const tombstone = { ...message, content: null, file: null, attachment: null, is_deleted: true, deleted_by: deletedBy };
    live.inject({ type: 'message_deleted', message: tombstone });
  }

  async join(): Promise<void> {
    const room = await roomsApi.joinRoom(this.id);
    this.#visited = room;
    rooms.put(room);
    await this.loadMembers();
  }
}

export function quoteOf(message: Message): Quote {
  const text = message.content ?? message.attachment?.name ?? '';
  return { uuid: message.uuid, sender: message.sender, sender_name: message.sender_name, excerpt: excerpt(text, line.QUOTE_CHARS) };
}

function concerns(event: StreamEvent, room: string): boolean {
  switch (event.type) {
    case 'message_created':
    case 'message_updated':
    case 'message_deleted':
      return event.message.chat_room === room;
    case 'room_created':
    case 'room_updated':
      return event.room.id === room;
    case 'person_updated':
      return true;
    case 'presence':
      return false;
    default:
      return 'room' in event && event.room === room;
  }
}

// The list of one's rooms, kept true by the stream.

import { errorText } from '../api/http';
import * as api from '../api/rooms';
import type { Id, Room } from '../api/types';
import type { StreamEvent } from '../stream/frames';
import { live } from './live.svelte';
import * as list from './roomList';
import { session } from './session.svelte';

class Rooms {
  all: list.RoomList = $state.raw(new Map<string, Room>());
  loaded: boolean = $state(false);
  error: string | null = $state(null);
  readonly sorted: Room[] = $derived(list.sorted(this.all));
  readonly unread: number = $derived(list.totalUnread(this.all));
  /** Events that came while the list was being read; taken afterwards, so none is lost under it. */
  #held: StreamEvent[] | null = null;
  #reading = 0;
  /** Rooms whose unread messages the server is asked to count, and whether it has to be asked once more. */
  #counting = new Map<Id, boolean>();

  start(): void {
    live.listen({ onEvent: (event) => this.#take(event), onConnected: () => undefined });
    live.onReturn(() => this.error !== null, () => void this.load());
  }

  clear(): void {
    this.all = new Map();
    this.loaded = false;
    this.error = null;
  }

  async load(): Promise<void> {
    const reading = ++this.#reading;
    this.#held ??= [];
    try {
      const rooms = await api.listMyRooms();
      if (reading !== this.#reading) return;
      this.all = list.fromRooms(rooms);
      this.loaded = true;
      this.error = null;
    } catch (cause) {
      if (reading !== this.#reading) return;
      this.error = errorText(cause);
    }
    const held = this.#held;
    this.#held = null;
    held.forEach((event) => this.#take(event));
  }

  get(id: string): Room | undefined {
    return this.all.get(id);
  }

  put(room: Room): void {
    this.all = list.put(this.all, room);
  }

  drop(id: string): void {
    this.all = list.drop(this.all, id);
  }

  markRead(id: string, seq: number): void {
    this.all = list.markRead(this.all, id, seq);
  }

  #take(event: StreamEvent): void {
    const me = session.me;
    if (me === null) return;
    if (this.#held !== null) {
      this.#held.push(event);
      return;
    }
    const lessUnread = list.lessUnread(this.all, event, me.id);
    this.all = list.apply(this.all, event, me.id);
    if (lessUnread !== null) void this.#count(lessUnread);
    const arrived = newRoomId(event, me.id);
    if (arrived !== null && !this.all.has(arrived)) void this.#fetch(arrived);
  }

  /** How much is unread is the server's to say when something unread was deleted: it counts what is still there. */
  async #count(id: Id): Promise<void> {
    const isBusy = this.#counting.has(id);
    this.#counting.set(id, isBusy);
    if (isBusy) return;
    let isStale = true;
    while (isStale) {
      this.#counting.set(id, false);
      const told = await api.getRoom(id).catch(() => null);
      if (told !== null) this.all = list.recounted(this.all, told);
      isStale = told !== null && (this.#counting.get(id) === true || told.last_seq < (this.get(id)?.last_seq ?? 0));
    }
    this.#counting.delete(id);
  }

  /** A room that is new here is read once more: the event may have been written for another reader. */
  async #fetch(id: string): Promise<void> {
    try {
      const room = await api.getRoom(id);
      if (room.role !== null) this.put(room);
    } catch {
      // Gone again, or unreachable: the next load of the list decides.
    }
  }
}

function newRoomId(event: StreamEvent, me: string): string | null {
  if (event.type === 'room_created') return event.room.id;
  if (event.type === 'member_joined' && event.member.user.id === me) return event.room;
  return null;
}

export const rooms = new Rooms();

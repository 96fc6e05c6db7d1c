// One's seats, requests, offers and notifications, kept true by the stream.

import { ApiError, errorText } from '../api/http';
import * as api from '../api/invitations';
import { listMySalons } from '../api/salons';
import type { Id, Invitation, SeatRole } from '../api/types';
import type { StreamEvent } from '../stream/frames';
import { live } from './live.svelte';
import { notices } from './notices.svelte';
import * as list from './requestList';
import { session } from './session.svelte';

const PAGE_SIZE = 50;

class RequestStore {
  all: list.Requests = $state.raw(list.noRequests);
  loaded: boolean = $state(false);
  error: string | null = $state(null);
  /** Whether decided ones, older than those loaded, can be read. */
  more: boolean = $state(false);
  readonly sorted: Invitation[] = $derived(list.sorted(this.all));
  readonly waiting: number = $derived(session.me ? list.countWaiting(this.all, session.me) : 0);
  /** Pages of decided ones that somebody has asked for. */
  #pages = 0;
  /** Events that came while all was being read; taken afterwards, so none is lost under it. */
  #held: StreamEvent[] | null = null;
  #reading = 0;
  /** Ids of what was announced. What was read need not have been: reading may overtake the stream. */
  #announced = new Set<Id>();

  start(): void {
    live.listen({ onEvent: (event) => this.#take(event), onConnected: () => undefined });
    live.onReturn(() => this.error !== null, () => void this.load());
  }

  clear(): void {
    this.#reading += 1;
    this.#held = null;
    this.#pages = 0;
    this.#announced.clear();
    this.all = list.noRequests;
    this.loaded = false;
    this.more = false;
    this.error = null;
  }

  async load(): Promise<void> {
    const reading = ++this.#reading;
    this.#held ??= [];
    try {
      const [salons, pending, notifications, decided] = await Promise.all([
        listMySalons(),
        api.listPending(),
        api.listNotifications(),
        this.#readPages(this.#pages),
      ]);
      if (reading !== this.#reading) return;
      const seats = new Map<Id, SeatRole>();
      for (const salon of salons) if (salon.my_role) seats.set(salon.id, salon.my_role);
      this.all = list.withInvitations({ ...list.noRequests, seats, notifications, closed: this.all.closed }, [...pending, ...decided]);
      this.loaded = true;
      this.error = null;
    } catch (cause) {
      if (reading !== this.#reading) return;
      this.error = errorText(cause);
    }
    const held = this.#held ?? [];
    this.#held = null;
    held.forEach((event) => this.#take(event));
  }

  /** The next page of older ones, whatever became of them. */
  async loadMore(): Promise<void> {
    this.#pages += 1;
    await this.load();
  }

  /** What is decided is read only where it is shown. */
  async loadDecided(): Promise<void> {
    if (this.#pages === 0) await this.loadMore();
  }

  async #readPages(count: number): Promise<Invitation[]> {
    const read: Invitation[] = [];
    let more = false;
    for (let page = 1; page <= count; page += 1) {
      const answer = await api.listInvitations(page, PAGE_SIZE);
      read.push(...answer.data);
      more = answer.next;
      if (!more) break;
    }
    this.more = more;
    return read;
  }

  async ask(salon: Id, role: SeatRole): Promise<void> {
    try {
      await api.ask(salon, role);
    } catch (cause) {
      await this.#readSalon(salon);
      // The server speaks of whom it concerns, which is oneself here.
      if (cause instanceof ApiError && !cause.isOffline && this.#waitsIn(salon)) {
        throw new ApiError(cause.status, cause.code, 'You have asked for a seat in this salon already, or were offered one.');
      }
      throw cause;
    }
    await this.#readSalon(salon);
  }

  async offer(salon: Id, role: SeatRole, person: Id): Promise<void> {
    await api.offer(salon, role, person);
    await this.#readSalon(salon);
  }

  async approve(invitation: Invitation): Promise<void> {
    try {
      await api.approve(invitation.id);
    } catch (cause) {
      // The seat may have been taken meanwhile: then the request is decided, and the page says so.
      await this.#readSalon(invitation.salon);
      throw cause;
    }
    await this.#readSalon(invitation.salon);
  }

  async reject(invitation: Invitation, reason: string): Promise<void> {
    await api.reject(invitation.id, reason);
    await this.#readSalon(invitation.salon);
  }

  async withdraw(invitation: Invitation): Promise<void> {
    await api.withdraw(invitation.id);
    live.inject({ type: 'invitation_deleted', invitation: invitation.id });
  }

  async markSeen(id: Id): Promise<void> {
    await api.markSeen(id);
    live.inject({ type: 'notification_seen', notification: id });
  }

  async markAllSeen(): Promise<void> {
    const shown = this.all.notifications;
    await api.markAllSeen();
    for (const { id } of shown) live.inject({ type: 'notification_seen', notification: id });
  }

  /** Whether a request of one's own, or an offer to oneself, waits there. */
  #waitsIn(salon: Id): boolean {
    return this.sorted.some((one) => one.salon === salon && list.isPending(one) && one.person.id === session.me?.id);
  }

  /** The stream tells the same; this is for when it is away, and for answering a click at once. */
  async #readSalon(salon: Id): Promise<void> {
    try {
      const { data } = await api.listInvitations(1, PAGE_SIZE, salon);
      for (const invitation of data) live.inject({ type: 'invitation_updated', invitation });
    } catch {
      // What was asked for is done; the stream or the next load tells the rest.
    }
  }

  #take(event: StreamEvent): void {
    const me = session.me;
    if (me === null) return;
    this.#announce(event, me.id);
    if (this.#held !== null) {
      this.#held.push(event);
      return;
    }
    this.all = list.apply(this.all, event, me.id);
    // With a seat, or as an administrator, one sees other invitations than without.
    const seen = event.type === 'seat_filled' || event.type === 'seat_vacated' ? event.seat.holder.id : null;
    const changed = event.type === 'person_updated' ? event.user.id : seen;
    if (changed === me.id) void this.load();
  }

  /** A decision that reaches one while one is looking elsewhere. */
  #announce(event: StreamEvent, me: Id): void {
    const news = list.newsOf(event, me);
    if (news === null || this.#announced.has(news.id)) return;
    this.#announced.add(news.id);
    notices.news(news.text);
  }
}

export const requests = new RequestStore();

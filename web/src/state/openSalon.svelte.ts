// The salon one looks at. What one may do in it is the server's to say, so it is read again whenever something in it changed.

import { ApiError, errorText } from '../api/http';
import * as api from '../api/salons';
import type { Chair, Id, LogEntry, Page, PersonLite, Salon } from '../api/types';
import type { StreamEvent } from '../stream/frames';
import { live } from './live.svelte';
import { session } from './session.svelte';

/** Lines of the log that are read to begin with, and with each wish for more. */
const LOG_LINES = 10;
/** The server gives no longer pages. */
const MOST_LOG_LINES = 100;

/** What happens in one step is told in several events; one reading is enough for all of them. */
const GATHER_MS = 40;

export type SalonStatus = 'loading' | 'ready' | 'missing' | 'failed';

export class OpenSalon {
  readonly id: Id;
  status: SalonStatus = $state('loading');
  error: string | null = $state(null);
  salon: Salon | null = $state.raw(null);
  /** Null: not told to this reader, or not read yet. */
  log: LogEntry[] | null = $state.raw(null);
  logMore: boolean = $state(false);
  #logLines = LOG_LINES;
  /** Who holds a seat, as far as one may see. */
  readonly holders: PersonLite[] = $derived(holdersOf(this.salon));
  #isReading = false;
  #isStale = false;
  #closed = false;
  /** One is ending the salon oneself, and leaves the page when it is done. */
  #isEnding = false;
  #soon: ReturnType<typeof setTimeout> | undefined;
  #stop: () => void = () => undefined;

  constructor(id: Id) {
    this.id = id;
  }

  open(): void {
    const stops = [
      live.listen({ onEvent: (event) => this.#take(event), onConnected: () => undefined }),
      live.onReturn(() => this.error !== null, () => void (this.status === 'missing' || this.load())),
    ];
    this.#stop = () => stops.forEach((stop) => stop());
    void this.load();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#soon);
    this.#stop();
  }

  /** Of several wishes to read while one reading is under way, one more follows: it sees what all of them were about. */
  async load(): Promise<void> {
    this.#isStale = true;
    if (this.#isReading) return;
    this.#isReading = true;
    while (this.#isStale && !this.#closed) {
      this.#isStale = false;
      await this.#read();
    }
    this.#isReading = false;
  }

  async #read(): Promise<void> {
    try {
      const salon = await api.getSalon(this.id);
      const log = salon.may_read_log ? await this.#readLog() : null;
      this.salon = salon;
      this.log = log?.data ?? null;
      this.logMore = (log?.next ?? false) && this.#logLines < MOST_LOG_LINES;
      this.status = 'ready';
      this.error = null;
    } catch (cause) {
      const gone = cause instanceof ApiError && (cause.status === 404 || cause.status === 400);
      this.error = errorText(cause);
      if (gone) this.status = 'missing';
      else if (this.salon === null) this.status = 'failed';
    }
  }

  async readMoreOfLog(): Promise<void> {
    this.#logLines = Math.min(MOST_LOG_LINES, this.#logLines + 3 * LOG_LINES);
    await this.load();
  }

  /** Null when the right to read it was lost between the two readings. */
  async #readLog(): Promise<Page<LogEntry> | null> {
    try {
      return await api.readLog(this.id, 1, this.#logLines);
    } catch (cause) {
      if (cause instanceof ApiError && cause.status === 403) return null;
      throw cause;
    }
  }

  #loadSoon(): void {
    clearTimeout(this.#soon);
    this.#soon = setTimeout(() => void this.load(), GATHER_MS);
  }

  #take(event: StreamEvent): void {
    if (this.#isEnding) return;
    switch (event.type) {
      case 'salon_updated':
        if (event.salon.id === this.id) this.#loadSoon();
        return;
      case 'salon_deleted':
        if (event.salon !== this.id) return;
        clearTimeout(this.#soon);
        this.status = 'missing';
        return;
      case 'seat_filled':
      case 'seat_vacated':
        if (event.seat.salon === this.id) this.#loadSoon();
        return;
      case 'invitation_created':
      case 'invitation_updated':
        // The log has a new line.
        if (event.invitation.salon === this.id && this.salon?.may_read_log) this.#loadSoon();
        return;
      case 'person_updated':
        if (this.salon) this.salon = withPerson(this.salon, event.user);
        if (event.user.id === session.me?.id) this.#loadSoon();
        return;
      default:
    }
  }

  async change(details: api.SalonDetails): Promise<void> {
    await api.changeSalon(this.id, details);
    await this.load();
  }

  /** Giving up the superuser's seat ends the salon. */
  async vacate({ seat, role }: Chair): Promise<void> {
    if (seat === null) return;
    if (role === 'superuser') {
      await this.#end(() => api.vacateSeat(seat));
    } else {
      await api.vacateSeat(seat);
      await this.load();
    }
  }

  async handOver(chair: Chair, successor: Id): Promise<void> {
    live.inject({ type: 'invitation_created', invitation: await api.handOver(this.id, chair.role, successor) });
  }

  remove(): Promise<void> {
    return this.#end(() => api.deleteSalon(this.id));
  }

  async #end(how: () => Promise<void>): Promise<void> {
    this.#isEnding = true;
    try {
      await how();
    } catch (cause) {
      this.#isEnding = false;
      throw cause;
    }
  }
}

const holdersOf = (salon: Salon | null): PersonLite[] =>
  (salon?.chairs ?? []).flatMap((chair) => (chair.holder ? [chair.holder] : []));

function withPerson(salon: Salon, person: PersonLite): Salon {
  const now = (known: PersonLite | null): PersonLite | null => (known?.id === person.id ? person : known);
  return {
    ...salon,
    superuser: now(salon.superuser),
    chairs: salon.chairs.map((chair) => ({ ...chair, holder: now(chair.holder) })),
  };
}

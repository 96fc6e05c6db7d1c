// Salons, their seats, and who decided what in them.

import { allPages, call } from './http';
import type { Id, Invitation, LogEntry, Page, Salon, SeatRole } from './types';

export const listSalons = (search: string, page = 1, size = 50, signal?: AbortSignal): Promise<Page<Salon>> =>
  call('GET', '/api/salons', { query: { search, page, size }, ...(signal ? { signal } : {}) });

/** Those one holds a seat in. */
export const listMySalons = (): Promise<Salon[]> =>
  allPages((page) => call<Page<Salon>>('GET', '/api/salons', { query: { scope: 'mine', page, size: 100 } }));

export const getSalon = (id: Id): Promise<Salon> => call('GET', `/api/salons/${id}`);

/** Newest first. */
export const readLog = (id: Id, page = 1, size = 20): Promise<Page<LogEntry>> =>
  call('GET', `/api/salons/${id}/log`, { query: { page, size } });

export interface SalonDetails {
  name: string;
  location: string;
}

export const foundSalon = (details: SalonDetails): Promise<{ id: Id }> =>
  call('POST', '/api/auto_salon', { json: details });

export const changeSalon = (id: Id, details: Partial<SalonDetails>): Promise<unknown> =>
  call('PUT', `/api/auto_salon/${id}`, { json: details });

export const deleteSalon = (id: Id): Promise<void> => call('DELETE', `/api/auto_salon/${id}`);

/** Gives up one's own seat, or removes somebody from theirs. Giving up the superuser's closes the salon. */
export const vacateSeat = (seat: Id): Promise<void> => call('DELETE', `/api/salon_role/${seat}`);

/** Offers the seat to a successor; it changes hands when they accept. */
export const handOver = (salon: Id, role: SeatRole, successor: Id): Promise<Invitation> =>
  call('POST', `/api/salons/${salon}/hand_over`, { json: { role, successor } });

// The salons that are listed, kept true. Pure.

import type { SalonInfo } from '../api/types';
import type { StreamEvent } from '../stream/frames';

/** Takes one event. A new salon is not put in: only the server knows whether it is looked for. */
export function apply<T extends SalonInfo>(salons: T[], event: StreamEvent): T[] {
  switch (event.type) {
    case 'salon_updated':
      return changed(salons, (salon) => (salon.id === event.salon.id ? { ...salon, ...event.salon } : salon));
    case 'salon_deleted':
      return salons.some((salon) => salon.id === event.salon) ? salons.filter((salon) => salon.id !== event.salon) : salons;
    case 'person_updated':
      return changed(salons, (salon) => (salon.superuser?.id === event.user.id ? { ...salon, superuser: event.user } : salon));
    default:
      return salons;
  }
}

/** The same list when nothing in it changed. */
function changed<T>(salons: T[], change: (salon: T) => T): T[] {
  const next = salons.map(change);
  return next.some((salon, at) => salon !== salons[at]) ? next : salons;
}

// Addresses of pages, both ways. Pure.

export type Route =
  /** `room` is an id; at the community chat's addresses it may be the name of a public room. */
  | { page: 'chat'; room: string | null; details: boolean }
  | { page: 'people' | 'account' | 'invitations' }
  | { page: 'salons'; salon: string | null }
  | { page: 'signin'; next: string }
  | { page: 'register'; code: string; next: string }
  | { page: 'setup'; token: string }
  | { page: 'unknown' };

export function parseRoute(address: URL): Route {
  const parts = address.pathname.split('/').filter(Boolean);
  const query = address.searchParams;
  switch (parts[0]) {
    case undefined:
      return { page: 'chat', room: null, details: false };
    case 'room': {
      const room = parts[1];
      if (room === undefined || parts.length > 3 || (parts.length === 3 && parts[2] !== 'details')) break;
      return { page: 'chat', room, details: parts[2] === 'details' };
    }
    case 'salons':
      if (parts.length > 2) break;
      return { page: 'salons', salon: parts[1] ?? null };
    case 'chat': {
      const room = parts.length === 4 && parts[1] === 'room' && parts[3] === 'send' ? decoded(parts[2]) : undefined;
      if (room === undefined) break;
      return { page: 'chat', room, details: false };
    }
    case 'profiles':
      if (parts.length > 1) break;
      return { page: 'people' };
    case 'people':
    case 'account':
    case 'invitations':
      if (parts.length > 1) break;
      return { page: parts[0] };
    case 'signin':
      return { page: 'signin', next: safeNext(query.get('next')) };
    case 'register':
      return { page: 'register', code: query.get('code') ?? '', next: safeNext(query.get('next')) };
    case 'setup':
      return { page: 'setup', token: query.get('token') ?? '' };
  }
  return { page: 'unknown' };
}

const decoded = (part: string | undefined): string | undefined => {
  try {
    return part === undefined ? undefined : decodeURIComponent(part);
  } catch {
    return undefined;
  }
};

/** Only addresses inside this site, so that a sign-in link cannot send people elsewhere. */
export function safeNext(next: string | null): string {
  if (next === null || !/^\/(?![/\\])/u.test(next)) return '/';
  const url = new URL(next, 'http://parlor.invalid');
  // Dots that resolve to nothing can leave two slashes at the front, which again name another site.
  const isInside = url.host === 'parlor.invalid' && !url.pathname.startsWith('//');
  return isInside ? url.pathname + url.search : '/';
}

export const roomPath = (id: string): string => `/room/${id}`;

/** Ids are UUIDs; no room is called like one. */
export const isRoomId = (text: string): boolean => /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/iu.test(text);

export const detailsPath = (id: string): string => `/room/${id}/details`;

export const salonPath = (id: string): string => `/salons/${id}`;

export const signInPath = (next: string): string =>
  next === '/' ? '/signin' : `/signin?next=${encodeURIComponent(next)}`;

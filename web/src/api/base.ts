// Where this site is. Everything may live below a path of a host that others use too: https://salon.example/chat/.
// The rest of the client speaks of `/room/7`; this module turns that into what the browser must be told, and back.

/** The server says it in the page, with a slash at both ends. The development server and tests are at the root. */
function readBase(): string {
  if (typeof document === 'undefined') return '/';
  const said = document.querySelector('meta[name="base-path"]')?.getAttribute('content') ?? '';
  return said.startsWith('/') ? said : '/';
}

const base = readBase();

/** The address of something of this site. What is no path, such as `blob:`, stays as it is. */
export const at = (path: string): string => below(base, path);

/** The path inside this site; null when the address is somebody else's. */
export const inside = (pathname: string): string | null => above(base, pathname);

/** The address of a WebSocket of this site. */
export const socketAt = (path: string): string =>
  `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}${at(path)}`;

export const below = (folder: string, path: string): string => (path.startsWith('/') ? folder + path.slice(1) : path);

export function above(folder: string, pathname: string): string | null {
  if (`${pathname}/` === folder) return '/';
  return pathname.startsWith(folder) ? `/${pathname.slice(folder.length)}` : null;
}

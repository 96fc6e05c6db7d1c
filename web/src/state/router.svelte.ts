// The address bar as state. Links stay ordinary links; clicks on them are taken over once, here.

import { at, inside } from '../api/base';
import { parseRoute } from './routes';
import type { Route } from './routes';

/** The page at an address of this site; null for any other address. */
function routeAt(address: URL | Location | HTMLAnchorElement): Route | null {
  const path = inside(address.pathname);
  return path === null ? null : parseRoute(new URL(address.origin + path + address.search));
}

const routeHere = (): Route => routeAt(location) ?? { page: 'unknown' };

class Router {
  route: Route = $state.raw(routeHere());
  /** Moves made inside this page: whether "back" stays inside it. */
  #depth = 0;

  start(): void {
    addEventListener('popstate', () => {
      this.#depth = Math.max(0, this.#depth - 1);
      this.#read();
    });
    addEventListener('click', (event) => this.#follow(event));
  }

  /** Where one is, as `go` takes it. */
  get path(): string {
    return (inside(location.pathname) ?? '/') + location.search;
  }

  go(path: string, how: 'push' | 'replace' = 'push'): void {
    if (how === 'push' && path !== this.path) {
      history.pushState(null, '', at(path));
      this.#depth += 1;
    } else {
      history.replaceState(null, '', at(path));
    }
    this.#read();
  }

  /** Enters an address that need not be a page of this client: the server knows the others, and may lead on from there. */
  enter(path: string): void {
    if (parseRoute(new URL(path, location.href)).page === 'unknown') location.replace(at(path));
    else this.go(path, 'replace');
  }

  /** Back to where one came from, or to `fallback` when this page was entered from outside. */
  back(fallback: string): void {
    if (this.#depth > 0) history.back();
    else this.go(fallback, 'replace');
  }

  #read(): void {
    this.route = routeHere();
  }

  #follow(event: MouseEvent): void {
    if (event.defaultPrevented || event.button !== 0) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = event.target instanceof Element ? event.target.closest('a') : null;
    if (!link || link.target !== '' || link.hasAttribute('download') || link.origin !== location.origin) return;
    if (link.hash !== '' && link.pathname === location.pathname) return;
    const path = inside(link.pathname);
    if (path === null || (routeAt(link)?.page ?? 'unknown') === 'unknown') return;
    event.preventDefault();
    this.go(path + link.search);
  }
}

export const router = new Router();

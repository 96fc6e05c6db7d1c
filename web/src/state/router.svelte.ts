// The address bar as state. Links stay ordinary links; clicks on them are taken over once, here.

import { parseRoute } from './routes';
import type { Route } from './routes';

class Router {
  route: Route = $state.raw(parseRoute(new URL(location.href)));
  /** Moves made inside this page: whether "back" stays inside it. */
  #depth = 0;

  start(): void {
    addEventListener('popstate', () => {
      this.#depth = Math.max(0, this.#depth - 1);
      this.#read();
    });
    addEventListener('click', (event) => this.#follow(event));
  }

  go(path: string, how: 'push' | 'replace' = 'push'): void {
    if (how === 'push' && path !== location.pathname + location.search) {
      history.pushState(null, '', path);
      this.#depth += 1;
    } else {
      history.replaceState(null, '', path);
    }
    this.#read();
  }

  /** Enters an address that need not be a page of this client: the server knows the others, and may lead on from there. */
  enter(path: string): void {
    if (parseRoute(new URL(path, location.href)).page === 'unknown') location.replace(path);
    else this.go(path, 'replace');
  }

  /** Back to where one came from, or to `fallback` when this page was entered from outside. */
  back(fallback: string): void {
    if (this.#depth > 0) history.back();
    else this.go(fallback, 'replace');
  }

  #read(): void {
    this.route = parseRoute(new URL(location.href));
  }

  #follow(event: MouseEvent): void {
    if (event.defaultPrevented || event.button !== 0) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = event.target instanceof Element ? event.target.closest('a') : null;
    if (!link || link.target !== '' || link.hasAttribute('download') || link.origin !== location.origin) return;
    if (link.hash !== '' && link.pathname === location.pathname) return;
    if (parseRoute(new URL(link.href)).page === 'unknown') return;
    event.preventDefault();
    this.go(link.pathname + link.search);
  }
}

export const router = new Router();

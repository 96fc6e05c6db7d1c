// One way to ask the server and one error for every way it can refuse.

import { at } from './base';
import type { Page } from './types';

/** Field name to the reasons the server gave. */
export type FieldErrors = Record<string, string[]>;

interface Problem {
  title?: string;
  detail?: string;
  code?: string;
  errors?: FieldErrors;
}

/** Status 0: the request never reached the server. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly fields: FieldErrors;
  readonly retryAfterSecs: number | null;

  constructor(status: number, code: string, text: string, fields: FieldErrors = {}, retryAfterSecs: number | null = null) {
    super(text);
    this.name = 'ApiError';
    this.status = status;
    this.code = code;
    this.fields = fields;
    this.retryAfterSecs = retryAfterSecs;
  }

  get isOffline(): boolean {
    return this.status === 0;
  }
}

export const offlineError = (): ApiError =>
  new ApiError(0, 'unreachable', 'Parlor cannot be reached. Check the network and try again.');

/** Builds the error from an answer that is not 2xx. `body` need not be JSON: a proxy in between may answer instead. */
export function toApiError(status: number, body: string, retryAfter: string | null): ApiError {
  let problem: Problem = {};
  try {
    const parsed: unknown = JSON.parse(body);
    if (parsed !== null && typeof parsed === 'object') problem = parsed;
  } catch {
    problem = {};
  }
  const seconds = retryAfter === null ? NaN : Number(retryAfter);
  const retryAfterSecs = Number.isFinite(seconds) ? Math.max(0, Math.ceil(seconds)) : null;
  const text = describe(status, problem, retryAfterSecs);
  return new ApiError(status, problem.code ?? `status_${status}`, text, problem.errors ?? {}, retryAfterSecs);
}

function describe(status: number, problem: Problem, retryAfterSecs: number | null): string {
  if (status === 429) {
    return `Too many attempts. Try again in ${retryAfterSecs ?? 60} seconds.`;
  }
  if (problem.detail) return problem.detail;
  if (problem.title) return problem.title;
  if (status === 413) return 'That is too large for this server.';
  if (status >= 500) return 'The server could not do this. Try again in a moment.';
  return `The server refused this (${status}).`;
}

export type OnUnauthorized = 'sign_in' | 'report';

let signedOut: () => void = () => undefined;

/** What happens when any call finds that the session has ended. */
export function whenSignedOut(handler: () => void): void {
  signedOut = handler;
}

export const reportSignedOut = (): void => signedOut();

export interface CallOptions {
  query?: Record<string, string | number | undefined>;
  json?: unknown;
  body?: Blob;
  signal?: AbortSignal;
  /** `report`: a 401 is an ordinary answer here (wrong password, nobody signed in). */
  onUnauthorized?: OnUnauthorized;
}

/** A server that has not answered by then will hardly do so; whoever waits gets to know. */
const LONGEST_WAIT_MS = 30_000;

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

export async function call<T>(method: Method, path: string, options: CallOptions = {}): Promise<T> {
  const init: RequestInit = { method, headers: { Accept: 'application/json' }, credentials: 'same-origin' };
  if (options.json !== undefined) {
    init.body = JSON.stringify(options.json);
    init.headers = { ...init.headers, 'Content-Type': 'application/json' };
  } else if (options.body) {
    init.body = options.body;
    init.headers = { ...init.headers, 'Content-Type': options.body.type || 'application/octet-stream' };
  }
  const abort = new AbortController();
  const giveUp = (): void => abort.abort();
  // A file takes as long as it takes.
  const timer = options.body ? undefined : setTimeout(giveUp, LONGEST_WAIT_MS);
  options.signal?.addEventListener('abort', giveUp);
  if (options.signal?.aborted) giveUp();
  init.signal = abort.signal;

  let response: Response;
  let text: string;
  try {
    response = await fetch(at(withQuery(path, options.query)), init);
    text = await response.text();
  } catch (cause) {
    if (options.signal?.aborted) throw cause;
    throw offlineError();
  } finally {
    clearTimeout(timer);
    options.signal?.removeEventListener('abort', giveUp);
  }
  if (!response.ok) {
    if (response.status === 401 && options.onUnauthorized !== 'report') signedOut();
    throw toApiError(response.status, text, response.headers.get('Retry-After'));
  }
  return (text === '' ? undefined : JSON.parse(text)) as T;
}

function withQuery(path: string, query: CallOptions['query']): string {
  const params = new URLSearchParams();
  for (const [key, value] of Object.entries(query ?? {})) {
    if (value !== undefined && value !== '') params.set(key, String(value));
  }
  const text = params.toString();
  return text === '' ? path : `${path}?${text}`;
}

/** A list that may come bare or in pages. */
export const itemsOf = <T>(list: T[] | Page<T>): T[] => (Array.isArray(list) ? list : list.data);

/** Reads pages until the last one; `maxPages` keeps a runaway list from filling the memory. */
export async function allPages<T>(read: (page: number) => Promise<T[] | Page<T>>, maxPages = 20): Promise<T[]> {
  const items: T[] = [];
  for (let page = 1; page <= maxPages; page += 1) {
    const answer = await read(page);
    items.push(...itemsOf(answer));
    if (Array.isArray(answer) || !answer.next) break;
  }
  return items;
}

/** The sentence to show for anything that was thrown. */
export const errorText = (cause: unknown): string =>
  cause instanceof ApiError ? cause.message : 'Something went wrong in this page. Reload it and try again.';

export const fieldErrors = (cause: unknown): FieldErrors => (cause instanceof ApiError ? cause.fields : {});

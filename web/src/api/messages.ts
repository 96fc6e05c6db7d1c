// Messages of a room: pages of history, posting, editing, retracting, uploads and the read mark.

import { at } from './base';
import { ApiError, call, offlineError, reportSignedOut, toApiError } from './http';
import type { Message, MessagePage, ReadMark } from './types';

/** Which stretch of the history; the newest when nothing is named. */
export type Stretch = { before: string } | { after: string } | { around: string } | { newest: true };

export function listMessages(room: string, stretch: Stretch, size: number): Promise<MessagePage> {
  const { newest: _, ...query } = stretch as Record<string, string> & { newest?: true };
  return call('GET', `/api/rooms/${room}/messages`, { query: { ...query, size } });
}

export interface NewMessage {
  content: string;
  client_id: string;
  reply_to?: string;
}

export const postMessage = (room: string, message: NewMessage): Promise<Message> =>
  call('POST', `/api/rooms/${room}/messages`, { json: message });

export const editMessage = (id: string, content: string): Promise<Message> =>
  call('PATCH', `/api/messages/${id}`, { json: { content } });

export const deleteMessage = (id: string): Promise<void> => call('DELETE', `/api/messages/${id}`);

export const markRead = (room: string, message: string): Promise<ReadMark> =>
  call('PUT', `/api/rooms/${room}/read`, { json: { message } });

export interface Upload {
  done: Promise<Message>;
  cancel: () => void;
}

/** Posts a file with an optional caption. `onProgress` gets a fraction from 0 to 1. XHR, because fetch tells no upload progress. */
export function uploadFile(room: string, message: NewMessage, file: File, onProgress: (fraction: number) => void): Upload {
  const form = new FormData();
  if (message.content !== '') form.append('content', message.content);
  form.append('client_id', message.client_id);
  if (message.reply_to) form.append('reply_to', message.reply_to);
  // The server reads the parts in order and streams the file, so it goes last.
  form.append('file', file, file.name);

  const request = new XMLHttpRequest();
  const done = new Promise<Message>((resolve, reject) => {
    request.upload.onprogress = (event) => {
      if (event.lengthComputable) onProgress(event.loaded / event.total);
    };
    request.onload = () => {
      if (request.status >= 200 && request.status < 300) {
        resolve(JSON.parse(request.responseText) as Message);
        return;
      }
      if (request.status === 401) reportSignedOut();
      reject(toApiError(request.status, request.responseText, request.getResponseHeader('Retry-After')));
    };
    request.onerror = () => reject(offlineError());
    request.onabort = () => reject(new ApiError(0, 'cancelled', 'The upload was cancelled.'));
    request.open('POST', at(`/api/rooms/${room}/messages`));
    request.setRequestHeader('Accept', 'application/json');
    request.send(form);
  });
  return { done, cancel: () => request.abort() };
}

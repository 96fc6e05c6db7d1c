// What the list says under a room's name. Pure.

import type { Id, Room } from '../api/types';
import { excerpt } from './text';

export function lastLine(room: Room, me: Id): string {
  const message = room.last_message;
  if (message === null) return room.topic || 'No messages yet';
  const said = message.is_deleted
    ? 'Message deleted'
    : (message.content ?? message.attachment?.name ?? (message.file ? 'File' : ''));
  const text = excerpt(said, 90);
  if (message.sender === me) return `You: ${text}`;
  return room.kind === 'direct' ? text : `${message.sender_name}: ${text}`;
}

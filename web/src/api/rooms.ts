// Rooms and who is in them.

import { allPages, call, itemsOf } from './http';
import type { Member, MemberRole, Page, Receipt, Room } from './types';

export const listMyRooms = (): Promise<Room[]> =>
  allPages((page) => call<Page<Room>>('GET', '/api/rooms', { query: { scope: 'mine', page, size: 100 } }));

export const listPublicRooms = (search: string, signal?: AbortSignal): Promise<Page<Room>> =>
  call('GET', '/api/rooms', { query: { scope: 'public', search, page: 1, size: 50 }, ...(signal ? { signal } : {}) });

export const getRoom = (id: string): Promise<Room> => call('GET', `/api/rooms/${id}`);

export const getRoomByName = (name: string): Promise<Room> =>
  call('GET', `/api/rooms/by-name/${encodeURIComponent(name)}`);

export interface NewRoom {
  kind: 'public' | 'private';
  name: string;
  topic?: string;
  members?: string[];
}

export const createRoom = (room: NewRoom): Promise<Room> => call('POST', '/api/rooms', { json: room });

export const openRoomByName = (name: string): Promise<Room> =>
  call('PUT', `/api/rooms/by-name/${encodeURIComponent(name)}`, { json: {} });

export const openDirectRoom = (accountId: string): Promise<Room> =>
  call('PUT', `/api/direct/${accountId}`, { json: {} });

export interface RoomChange {
  name?: string;
  topic?: string;
  archived?: boolean;
}

export const updateRoom = (id: string, change: RoomChange): Promise<Room> =>
  call('PATCH', `/api/rooms/${id}`, { json: change });

export const deleteRoom = (id: string): Promise<void> => call('DELETE', `/api/rooms/${id}`);

export const joinRoom = (id: string): Promise<Room> => call('POST', `/api/rooms/${id}/join`, { json: {} });

export const leaveRoom = (id: string): Promise<void> => call('POST', `/api/rooms/${id}/leave`, { json: {} });

export const listMembers = (id: string): Promise<Member[]> =>
  allPages((page) => call<Page<Member>>('GET', `/api/rooms/${id}/members`, { query: { page, size: 100 } }));

export const addMember = (id: string, user: string): Promise<Member> =>
  call('POST', `/api/rooms/${id}/members`, { json: { user } });

export const setMemberRole = (id: string, user: string, role: MemberRole): Promise<Member> =>
  call('PATCH', `/api/rooms/${id}/members/${user}`, { json: { role } });

export const removeMember = (id: string, user: string): Promise<void> =>
  call('DELETE', `/api/rooms/${id}/members/${user}`);

export const listReceipts = async (id: string): Promise<Receipt[]> =>
  itemsOf(await call<Receipt[] | Page<Receipt>>('GET', `/api/rooms/${id}/receipts`));

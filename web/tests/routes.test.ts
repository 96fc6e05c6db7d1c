import { describe, expect, it } from 'vitest';
import { isRoomId, parseRoute, safeNext, salonPath, signInPath } from '../src/state/routes';

const route = (path: string) => parseRoute(new URL(path, 'http://salon.example'));

it('reads every address of the client', () => {
  expect(route('/')).toEqual({ page: 'chat', room: null, details: false });
  expect(route('/room/r1')).toEqual({ page: 'chat', room: 'r1', details: false });
  expect(route('/room/r1/details')).toEqual({ page: 'chat', room: 'r1', details: true });
  expect(route('/people')).toEqual({ page: 'people' });
  expect(route('/salons')).toEqual({ page: 'salons', salon: null });
  expect(route(salonPath('s1'))).toEqual({ page: 'salons', salon: 's1' });
  expect(route('/invitations')).toEqual({ page: 'invitations' });
  expect(route('/profiles/')).toEqual({ page: 'people' });
  expect(route('/chat/room/r1/send/')).toEqual({ page: 'chat', room: 'r1', details: false });
  expect(route('/chat/room/%C3%96l%20%26%20more/send')).toEqual({ page: 'chat', room: 'Öl & more', details: false });
  expect(route('/setup?token=t')).toEqual({ page: 'setup', token: 't' });
  expect(route('/register?code=c')).toEqual({ page: 'register', code: 'c', next: '/' });
});

it('knows what it does not know', () => {
  const rooms = ['/room', '/room/r1/other', '/room/r1/details/x', '/chat/anna/', '/chat/room', '/chat/room/r1', '/chat/room/%/send'];
  for (const path of [...rooms, '/people/x', '/profiles/x', '/salons/s1/x', '/invitations/x', '/docs']) {
    expect(route(path)).toEqual({ page: 'unknown' });
  }
});

describe('the way back after sign-in', () => {
  it('survives', () => {
    const path = signInPath('/room/r1/details');
    expect(route(path)).toEqual({ page: 'signin', next: '/room/r1/details' });
    expect(signInPath('/')).toBe('/signin');
  });

  it('never leads to another site', () => {
    for (const next of ['https://evil.example', '//evil.example', '/\\evil.example', 'javascript:alert(1)', '', '/\t/evil.example', '/.//evil.example', '/x/..//evil.example', '/.\\/evil.example', '/%2e/\\evil.example']) {
      expect(new URL(safeNext(next), 'http://salon.example').host).toBe('salon.example');
    }
    expect(safeNext('/chat/anna/?x=1')).toBe('/chat/anna/?x=1');
  });
});

it('tells ids from names', () => {
  expect(isRoomId('01939f20-1c4d-7a55-b1e2-6f7a8b9c0d03')).toBe(true);
  for (const name of ['public-chat', '01939f20', 'x01939f20-1c4d-7a55-b1e2-6f7a8b9c0d03', '']) expect(isRoomId(name)).toBe(false);
});

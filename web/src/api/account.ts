// One's own account.

import { call } from './http';
import type { Me } from './types';

export interface Profile {
  name?: string;
  surname?: string;
  about?: string;
  username?: string;
  email?: string;
}

export const updateProfile = (profile: Profile): Promise<Me> => call('PATCH', '/api/account', { json: profile });

export const changePassword = (currentPassword: string, newPassword: string): Promise<void> =>
  call('PUT', '/api/account/password', {
    json: { current_password: currentPassword, new_password: newPassword },
    onUnauthorized: 'report',
  });

export const uploadAvatar = (image: Blob): Promise<Me> => call('PUT', '/api/account/avatar', { body: image });

export const removeAvatar = (): Promise<Me> => call('DELETE', '/api/account/avatar');

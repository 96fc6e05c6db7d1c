import { expect, it } from 'vitest';
import { apply } from '../src/state/salonList';
import { ANNA, SALON, person, salon } from './samples';

const listed = [salon(), salon({ id: 'sued', name: 'Garage Süd', superuser: person('vera') })];

it('shows a salon as it is now', () => {
  const update = salon({ name: 'Nordlicht', vacant_roles: ['mechanic'] });
  expect(apply(listed, { type: 'salon_updated', salon: update })[0]).toEqual(update);
});

it('loses a closed one', () => {
  expect(apply(listed, { type: 'salon_deleted', salon: SALON }).map((one) => one.id)).toEqual(['sued']);
});

it('renames its superuser, and nobody else', () => {
  const renamed = apply(listed, { type: 'person_updated', user: person(ANNA, 'Anna K.') });
  expect(renamed.map((one) => one.superuser?.display_name)).toEqual(['Anna K.', 'vera']);
});

it('stays the same list when nothing of it changed', () => {
  expect(apply(listed, { type: 'salon_updated', salon: salon({ id: 'elsewhere' }) })).toBe(listed);
  expect(apply(listed, { type: 'salon_created', salon: salon({ id: 'new' }) })).toBe(listed);
  expect(apply(listed, { type: 'salon_deleted', salon: 'elsewhere' })).toBe(listed);
  expect(apply(listed, { type: 'person_updated', user: person('stranger') })).toBe(listed);
});

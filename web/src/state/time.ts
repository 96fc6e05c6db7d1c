// Dates and times as this client writes them.

// The texts are English, so the dates are too.
const LOCALE = 'en-GB';
const DAY_MS = 86_400_000;

const clock = new Intl.DateTimeFormat(LOCALE, { hour: '2-digit', minute: '2-digit' });
const weekday = new Intl.DateTimeFormat(LOCALE, { weekday: 'long' });
const shortWeekday = new Intl.DateTimeFormat(LOCALE, { weekday: 'short' });
const dayMonth = new Intl.DateTimeFormat(LOCALE, { weekday: 'short', day: 'numeric', month: 'long' });
const dayMonthYear = new Intl.DateTimeFormat(LOCALE, { day: 'numeric', month: 'long', year: 'numeric' });
const numeric = new Intl.DateTimeFormat(LOCALE, { day: '2-digit', month: '2-digit', year: '2-digit' });
const full = new Intl.DateTimeFormat(LOCALE, { dateStyle: 'full', timeStyle: 'short' });

/** Calendar day in the reader's time zone, as a comparable key. */
export function dayKey(time: Date): string {
  return `${time.getFullYear()}-${time.getMonth() + 1}-${time.getDate()}`;
}

function daysBetween(earlier: Date, later: Date): number {
  const start = (time: Date): number => Date.UTC(time.getFullYear(), time.getMonth(), time.getDate());
  return Math.round((start(later) - start(earlier)) / DAY_MS);
}

export const clockTime = (time: Date): string => clock.format(time);

export const fullTime = (time: Date): string => full.format(time);

export const longDate = (time: Date): string => dayMonthYear.format(time);

/** Heading of a day in a room. */
export function dayLabel(time: Date, now: Date): string {
  const days = daysBetween(time, now);
  if (days === 0) return 'Today';
  if (days === 1) return 'Yesterday';
  if (days > 1 && days < 7) return weekday.format(time);
  return time.getFullYear() === now.getFullYear() ? dayMonth.format(time) : dayMonthYear.format(time);
}

/** The short form beside a room in the list. */
export function listTime(time: Date, now: Date): string {
  const days = daysBetween(time, now);
  if (days <= 0) return clock.format(time);
  if (days === 1) return 'Yesterday';
  return days < 7 ? shortWeekday.format(time) : numeric.format(time);
}

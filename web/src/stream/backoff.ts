// How long to wait before the next attempt to connect.

const FIRST_MS = 500;
const LONGEST_MS = 20_000;

/** Doubles with each failed attempt; jitter spreads the whole salon's windows over time after a restart. */
export function backoffMs(attempt: number, random: () => number = Math.random): number {
  const ceiling = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(attempt, 10));
  return Math.round(ceiling / 2 + (ceiling / 2) * random());
}

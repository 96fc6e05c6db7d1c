// A place in the stream, "<epoch>-<sequence>". Epochs differ when the server's history was replaced.

export interface Position {
  epoch: string;
  seq: number;
}

export function parsePosition(text: string): Position | null {
  const cut = text.lastIndexOf('-');
  if (cut < 1) return null;
  const seq = Number(text.slice(cut + 1));
  return Number.isSafeInteger(seq) && text.length > cut + 1 ? { epoch: text.slice(0, cut), seq } : null;
}

/** Whether a frame at `next` was already taken by someone who has come to `last`. */
export function isRepeat(last: string | null, next: string | undefined): boolean {
  if (last === null || next === undefined) return false;
  const before = parsePosition(last);
  const now = parsePosition(next);
  return before !== null && now !== null && before.epoch === now.epoch && now.seq < before.seq;
}

// What was typed and not sent, per room, for as long as this tab lives.

const key = (room: string): string => `parlor.draft.${room}`;

export function readDraft(room: string): string {
  try {
    return sessionStorage.getItem(key(room)) ?? '';
  } catch {
    return '';
  }
}

export function writeDraft(room: string, text: string): void {
  try {
    if (text === '') sessionStorage.removeItem(key(room));
    else sessionStorage.setItem(key(room), text);
  } catch {
    // Storage can be full or forbidden; the draft then lives in the page alone.
  }
}

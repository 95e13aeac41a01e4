// Who sits in front of the page, as they say themselves: written beside what they change, and remembered.

const STORED_AS = 'evenkeel.who';
/** As much as the API takes. */
export const MAX_WHO = 100;

export function storedWho(): string {
  try {
    return localStorage.getItem(STORED_AS) ?? '';
  } catch {
    // A browser that forbids storage forgets the name; the sidecar then says from where it was changed.
    return '';
  }
}

export function storeWho(name: string): void {
  try {
    localStorage.setItem(STORED_AS, name);
  } catch {
    // As above.
  }
}

/** The part of a wish that says who made it; empty where nobody said. */
export function byWho(): { readonly by?: string } {
  const name = storedWho().trim();
  return name === '' ? {} : { by: name };
}

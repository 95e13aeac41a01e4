// How many keys a policy tells apart. Keys are made of what senders send, so there is an end to them.

/** Keys in one table. */
export const MAX_KEYS = 10_000;

/** The one key of all that find no room: half a surrogate pair, which no text from outside contains. */
export const OVERFLOW_KEY = '\ud800';

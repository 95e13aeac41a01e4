// What a bearer token must be.

/** Guesses are not limited in number, so a token must be too long to be guessed. */
export const MIN_TOKEN_CHARACTERS = 16;
/** Node takes 16 KiB of headers in all. */
export const MAX_TOKEN_CHARACTERS = 4096;
/** Of one listener, from both places together; a request is compared with each. */
export const MAX_TOKENS = 64;

/** A token as the header can carry it, without the spaces a copy may bring along. */
const TOKEN = new RegExp(`^[\\x21-\\x7e]{${MIN_TOKEN_CHARACTERS},${MAX_TOKEN_CHARACTERS}}$`);

/** Tells whether a text may serve as a token. */
export function isToken(text: string): boolean {
  return TOKEN.test(text);
}

/** What a token must be; says nothing of the one it is not. */
export const TOKEN_RULE = `a token is ${MIN_TOKEN_CHARACTERS} to ${MAX_TOKEN_CHARACTERS} visible ASCII characters without spaces`;

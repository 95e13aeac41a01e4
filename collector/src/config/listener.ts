// What locks a listener: TLS and bearer tokens, alike for every listener. The files are read in pipeline/.
import { z } from 'zod';
import { isToken, MAX_TOKENS, TOKEN_RULE } from './tokens.ts';

/** An empty lock is no open door. */
const NO_MAP = 'must be a map; leave the line out for none';
const NO_PATH = 'must be the path of a file';

const file = (description: string) => z.string(NO_PATH).min(1, NO_PATH).describe(description);

/** Certificate of a listener. */
const tls = z
  .strictObject(
    {
      cert_file: file('PEM file: certificate of this listener, followed by those between it and its authority'),
      key_file: file('PEM file: private key of the certificate, without a passphrase'),
      client_ca_file: file(
        'PEM file of the authority that signs clients; with it, only clients with a certificate get in',
      ).optional(),
    },
    NO_MAP,
  )
  .optional()
  .describe('TLS; without it the listener speaks plain text. Changed files are taken up within 30s');

/** Tokens of a listener. */
const auth = z
  .strictObject(
    {
      tokens: z
        .array(z.string(`${TOKEN_RULE}; put digits into quotes`).refine(isToken, TOKEN_RULE))
        .max(MAX_TOKENS)
        .default([])
        .describe('bearer tokens that let in; better as ${env:NAME} than written out. Never shown'),
      token_file: file('file with a bearer token a line; changes are taken up within 30s').optional(),
    },
    NO_MAP,
  )
  .refine(({ tokens, token_file }) => tokens.length > 0 || token_file !== undefined, 'name tokens or a token_file')
  .optional()
  .describe('who may use the listener; without it, whoever reaches it');

/** Fields of each listener's block, beside host and port. */
export const lockFields = { tls, auth };

export type ListenerTls = NonNullable<z.output<typeof tls>>;
export type ListenerAuth = NonNullable<z.output<typeof auth>>;

/** Locks of one listener; absent where it has none. */
export interface Locks {
  readonly tls?: ListenerTls | undefined;
  readonly auth?: ListenerAuth | undefined;
}

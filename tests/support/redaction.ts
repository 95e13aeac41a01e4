// Redaction by rules as a configuration would give them, with a hash key that tests know.
import { createHmac } from 'node:crypto';
import { redactionConfig } from '../../collector/src/receive/redaction-config.ts';
import { createRedaction, type Redaction } from '../../collector/src/receive/redaction.ts';
import type { NaiveRule } from './naive-redaction.ts';

export const HASH_KEY = 'a key for tests only';

export function redactionOf(rules: readonly NaiveRule[]): Redaction {
  const redaction = createRedaction(redactionConfig.parse({ hash_key: HASH_KEY, rules }));
  if (redaction === undefined) throw new Error('no rules');
  return redaction;
}

/** What `hash` puts in the place of a value. */
export function hashOf(value: string | Uint8Array): string {
  return createHmac('sha256', HASH_KEY).update(value).digest('hex');
}

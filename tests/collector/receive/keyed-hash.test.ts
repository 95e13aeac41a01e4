import { createHmac } from 'node:crypto';
import { expect, it } from 'vitest';
import { keyedHash } from '../../../collector/src/receive/keyed-hash.ts';
import { pick, randomBytes, seeded } from '../../support/random.ts';

it('hashes as any HMAC-SHA-256 does, whatever the length of key and value', () => {
  const random = seeded(5);
  for (const keyLength of [0, 1, 16, 63, 64, 65, 200]) {
    const key = randomBytes(random, keyLength);
    const hash = keyedHash(key);
    for (let i = 0; i < 50; i++) {
      const value = i === 0 ? 'größe 日本' : randomBytes(random, pick(random, 300));
      expect(hash(value)).toBe(createHmac('sha256', key).update(value).digest('hex'));
    }
  }
});

// Configuration of redaction: which attributes and texts are taken out at the door, and what stands there instead.
import { z } from 'zod';
import { slug } from '../config/fields.ts';
import { patternProblem } from '../config/pattern.ts';

const MAX_RULES = 64;
const MAX_KEYS = 256;
/** Each pattern may take megabytes once hostile text has made its automaton large. */
const MAX_PATTERNS = 16;

const key = z
  .string()
  .min(1)
  .max(256)
  .regex(/^[^*]*\*?$/, 'may have a * at its end only');

const pattern = z.string().superRefine((text, context) => {
  const problem = patternProblem(text);
  if (problem !== undefined) context.addIssue({ code: 'custom', message: problem });
});

const rule = z
  .strictObject({
    name: slug('name under which redactions are counted'),
    keys: z
      .array(key)
      .max(MAX_KEYS)
      .default([])
      .describe('attribute keys, exact or with a * at the end, at any depth; case counts'),
    values: z
      .array(pattern)
      .max(MAX_PATTERNS)
      .default([])
      .describe(
        'regular expressions (RE2) that match somewhere in a text or number; with keys, only values of these keys are looked at',
      ),
    action: z
      .enum(['delete', 'hash', 'drop'])
      .describe(
        'delete takes the attribute out; hash puts the hexadecimal HMAC-SHA-256 of the value there; drop keeps the key and puts the text redacted there',
      ),
  })
  .refine(({ keys, values }) => keys.length + values.length > 0, 'needs keys or values');

export const redactionConfig = z
  .strictObject({
    hash_key: z
      .string()
      .min(16)
      .max(1024)
      .optional()
      .describe(
        'key of the hash, so that equal values hash alike in every sidecar and after a restart; random at each start unless given; never shown',
      ),
    rules: z
      .array(rule)
      .max(MAX_RULES)
      .default([])
      .refine((list) => new Set(list.map(({ name }) => name)).size === list.length, 'names must differ')
      .refine(
        (list) => list.reduce((sum, { values }) => sum + values.length, 0) <= MAX_PATTERNS,
        `may hold at most ${MAX_PATTERNS} values together`,
      )
      .describe('for each attribute the first rule in the list that matches'),
  })
  .prefault({});

export type RedactionConfig = z.output<typeof redactionConfig>;
export type RedactionRule = RedactionConfig['rules'][number];

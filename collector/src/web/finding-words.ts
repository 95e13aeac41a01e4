// What a policy made of a trace, in words: the same on the page and in a terminal.
import type { PolicyFinding } from './api.ts';

/** Stands behind the name of a policy. */
export const FINDINGS: Readonly<Record<PolicyFinding['finding'], string>> = {
  keeps: 'keeps it',
  drops: 'drops it',
  silent: 'no say',
  below: 'not in its share',
  unknown: 'not known',
};

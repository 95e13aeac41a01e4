// What a check of a configuration may ask of the machine it is meant for. Who checks only the text asks nothing.
import { hostname, networkInterfaces } from 'node:os';
import { fileProblems } from '../pipeline/locks.ts';
import type { CrossProblem } from './cross-checks.ts';
import type { Config } from './schema.ts';

/** The machine a configuration is checked for. */
export interface Machine {
  /** Its own name. */
  readonly hostName: string;
  /** Of its interfaces, in any form. */
  readonly addresses: readonly string[];
  /** Looks at the files a configuration names. */
  fileProblems(config: Config): CrossProblem[];
}

/** Nothing is known of it, so that only what the text says counts. */
export const NO_MACHINE: Machine = { hostName: '', addresses: [], fileProblems: () => [] };

/** The machine this process runs on. @param interfaces lists its interfaces by name */
export function thisMachine(interfaces: typeof networkInterfaces = networkInterfaces): Machine {
  return { hostName: hostname(), addresses: addressesOf(interfaces), fileProblems };
}

function addressesOf(interfaces: typeof networkInterfaces): string[] {
  try {
    return Object.values(interfaces()).flatMap((each = []) => each.map(({ address }) => address));
  } catch {
    // A sandbox may forbid netlink sockets (systemd: RestrictAddressFamilies). All that is missed then is an export to an
    // address of our own, which is noticed as a loop when it begins.
    return [];
  }
}

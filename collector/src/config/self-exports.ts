// Exports to our own listeners: kept traces would come in again, for ever. What names resolve to is not asked here;
// a loop by a name is noticed when it begins, see pipeline/trail.ts.
import { isAddress, isLoopback, isUsualLoopback, isWildcard, plainHost } from './addresses.ts';
import type { CrossProblem, Listener } from './cross-checks.ts';
import type { Machine } from './machine.ts';
import type { Config } from './schema.ts';

/** Finds endpoints that are listeners of ours. */
export function selfExports(
  { export: { otlp, remote_write } }: Config,
  listeners: readonly Listener[],
  machine: Pick<Machine, 'hostName' | 'addresses'>,
): CrossProblem[] {
  const problems: CrossProblem[] = [];
  const told = [
    ...Object.entries(otlp).map(([name, { endpoint, traces_endpoint }]) => {
      return [`otlp.${name}`, { endpoint, traces_endpoint }, 'kept traces would return for ever'] as const;
    }),
    ...Object.entries(remote_write).map(([name, { url }]) => {
      return [`remote_write.${name}`, { url }, 'no remote write is taken there'] as const;
    }),
  ];
  for (const [block, urls, consequence] of told) {
    for (const [key, url] of Object.entries(urls)) {
      if (url === undefined) continue;
      const { hostname, port, protocol } = new URL(url);
      const number = port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port);
      const asked = plainHost(hostname);
      const own = listeners.find((each) => each.port === number && reaches(asked, plainHost(each.host), machine));
      if (own === undefined) continue;
      const path = `export.${block}.${key}`;
      problems.push({ path, message: `is our own listener (${own.setting}.port); ${consequence}` });
    }
  }
  return problems;
}

/** Tells whether a connection to `asked` from this machine ends at a listener on `bound`; both plain. */
function reaches(
  asked: string,
  bound: string,
  { hostName, addresses }: Pick<Machine, 'hostName' | 'addresses'>,
): boolean {
  if (asked === bound) return true;
  // The system takes a connection to no address in particular for one to loopback.
  const isHere = isUsualLoopback(asked) || isWildcard(asked);
  if (isHere && (isUsualLoopback(bound) || isWildcard(bound))) return true;
  if (!isWildcard(bound)) return false;
  if (isLoopback(asked)) return true;
  return isAddress(asked)
    ? addresses.some((address) => plainHost(address) === asked)
    : hostName !== '' && asked === plainHost(hostName);
}

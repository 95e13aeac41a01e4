// Connections that HTTP clients keep: how many are open, how often they are used again, how long they take to open.
import { claim } from './claims.ts';
import { method } from './methods.ts';
import { isNodeAgent, watchAgent } from './node-agent.ts';
import { watchDispatcher } from './undici.ts';

/** Options of {@link instrumentConnections}. */
export interface ConnectionOptions {
  /** Where a Pool or a Client of undici leads, which says so itself only when it has connected. */
  readonly origin?: string;
}

/**
 * Measures the connections of an Agent, a Pool or a Client of undici, or of an agent of Node's http and https.
 *
 * What happens to requests and connections of undici is told by the process, so one dispatcher is enough for all of them
 * and for the built-in fetch; how many connections are open each says for itself.
 *
 * @returns the same dispatcher or agent
 */
export function instrumentConnections<C extends object>(client: C, options: ConnectionOptions = {}): C {
  return claim('client', client, (target) => {
    if (method(target, 'dispatch') !== undefined) return watchDispatcher(target, options.origin);
    return isNodeAgent(target) ? watchAgent(target) : undefined;
  });
}

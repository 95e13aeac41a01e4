// What this sidecar calls itself in metrics it makes: span metrics, readings, its own telemetry.
import type { Config } from '../config/schema.ts';
import { canonical } from '../model/attributes.ts';
import { type Resource, resourceOf } from '../model/data-point.ts';
import { VERSION } from '../version.ts';

/**
 * Names the sidecar. Its instance is the same after a restart, so that pushed series go on, and unlike that of any other
 * sidecar on the machine, because no two listen on one port.
 *
 * @param hostName of the machine, or of the container
 * @param random used where the system chooses the port
 */
export function ownResource(config: Pick<Config, 'receive'>, hostName: string, random: () => number): Resource {
  const { port } = config.receive.http;
  const suffix = port === 0 ? Math.floor(random() * 2 ** 32).toString(16) : port;
  return resourceOf(
    canonical([
      ['host.name', hostName],
      ['service.instance.id', `${hostName}:${suffix}`],
      ['service.name', 'evenkeel'],
      ['service.version', VERSION],
    ]),
  );
}

// Keeps channels away from link-local addresses, at which clouds hand out credentials to whoever asks from the machine.
import { lookup as systemLookup } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';

/** Also in their forms mapped into IPv6, which a BlockList knows by itself. */
const LINK_LOCAL = new BlockList();
LINK_LOCAL.addSubnet('169.254.0.0', 16, 'ipv4');
LINK_LOCAL.addSubnet('fe80::', 10, 'ipv6');
// Where Amazon's and Alibaba's clouds do the same, though these are not link-local.
LINK_LOCAL.addAddress('fd00:ec2::254', 'ipv6');
LINK_LOCAL.addAddress('100.100.100.200', 'ipv4');
// The same by way of NAT64. RFC 6052, section 2.1.
LINK_LOCAL.addSubnet('64:ff9b::a9fe:0', 112, 'ipv6');

/** What nobody may be connected to. */
export class LinkLocalRefused extends Error {
  constructor() {
    super('its address is link-local; allow_link_local would permit it');
    this.name = 'LinkLocalRefused';
  }
}

/** Tells whether an address is refused; names are judged once they are resolved. @param host as in a URL, or bare */
export function isLinkLocal(host: string): boolean {
  // The zone of an address names an interface.
  const [bare = ''] = host.replace(/^\[|\]$/g, '').split('%', 1);
  const version = isIP(bare);
  return version !== 0 && LINK_LOCAL.check(bare, version === 6 ? 'ipv6' : 'ipv4');
}

/**
 * Resolves names as the system does, and refuses one that leads to such an address: what was asked is what is connected
 * to, so that a name cannot mean something else a moment later.
 *
 * @param resolve stands for the system's
 */
export function guardedLookup(resolve: typeof systemLookup = systemLookup): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, addresses) => {
      if (error !== null) return callback(error, []);
      if (addresses.some(({ address }) => isLinkLocal(address))) return callback(new LinkLocalRefused(), []);
      const [first] = addresses;
      if (options.all === true || first === undefined) return callback(null, addresses);
      return callback(null, first.address, first.family);
    });
  };
}

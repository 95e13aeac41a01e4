// Names and addresses of hosts as text: which of them mean this machine. Resolves nothing.

/** Every address of the machine; a listener there is reached by each. */
const WILDCARDS: ReadonlySet<string> = new Set(['0.0.0.0', '[::]']);

/**
 * Writes a host in one form: lower case, IPv6 in brackets and at its shortest, IPv4 as such where it is mapped into
 * IPv6, names without the dot of the root.
 *
 * @param host as configured, as in a URL or as the system tells it; `::1` and `[::1]` are the same
 */
export function plainHost(host: string): string {
  // The zone of a link-local address names an interface of this machine and has no place in a URL.
  const [bare = ''] = host.replace(/^\[|\]$/g, '').split('%', 1);
  const inUrl = bare.includes(':') ? `[${bare}]` : bare;
  const name = URL.parse(`http://${inUrl}`)?.hostname ?? bare.toLowerCase();
  const [, high, low] = /^\[::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})\]$/.exec(name) ?? [];
  if (high === undefined || low === undefined) return name.replace(/(?<=[^.])\.$/, '');
  const [upper, lower] = [parseInt(high, 16), parseInt(low, 16)];
  return `${upper >> 8}.${upper & 255}.${lower >> 8}.${lower & 255}`;
}

/** Tells whether a plain host stands for all addresses. */
export function isWildcard(host: string): boolean {
  return WILDCARDS.has(host);
}

/** Tells whether a plain host is reached from this machine only. @see RFC 6761, section 6.3, for names below localhost */
export function isLoopback(host: string): boolean {
  return /^127(\.\d{1,3}){3}$/.test(host) || host === '[::1]' || isLocalhost(host);
}

/** Tells whether a plain host is an address, not a name. */
export function isAddress(host: string): boolean {
  return host.startsWith('[') || /^\d{1,3}(\.\d{1,3}){3}$/.test(host);
}

/** Tells whether a plain host is what `localhost` means in one of its forms. */
export function isUsualLoopback(host: string): boolean {
  return host === '127.0.0.1' || host === '[::1]' || isLocalhost(host);
}

function isLocalhost(host: string): boolean {
  return host === 'localhost' || host.endsWith('.localhost');
}

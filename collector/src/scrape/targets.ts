// From the targets of a job to the addresses that are scraped, by its relabelling. Pure.
import type { RelabelRule } from './relabel-config.ts';
import { type Labels, relabelBy } from './relabel.ts';

/** One address to scrape. */
export interface Target {
  /** As configured; names the job in what is counted. */
  readonly job: string;
  readonly url: URL;
  /** Labels `job` and `instance`, which become service.name and service.instance.id. */
  readonly jobLabel: string;
  readonly instance: string;
  /** Further labels of every series. */
  readonly labels: ReadonlyMap<string, string>;
}

/** What of a job makes its targets. */
interface TargetGroup {
  readonly name: string;
  readonly targets: readonly string[];
  readonly scheme: 'http' | 'https';
  readonly metrics_path: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly relabel: readonly RelabelRule[];
}

/** Says what is wrong with a target as written; undefined where it may be used. */
export function targetProblem(text: string): string | undefined {
  const isUrl = text.includes('://');
  const address = isUrl ? text : `http://${text}`;
  if (!URL.canParse(address)) return 'must be host:port or an http:// or https:// URL';
  const { protocol, username, password, pathname, search, hash } = new URL(address);
  if (username + password !== '' || text.includes('@')) return 'must not carry credentials; use headers or token_file';
  if (!/^https?:$/.test(protocol)) return 'must be host:port or an http:// or https:// URL';
  if (hash !== '') return 'must not have a fragment';
  if (!isUrl && (pathname !== '/' || search !== ''))
    return 'must have a scheme before its path, as in http://host:9100/path';
  return undefined;
}

/**
 * Lists the targets of a job that its rules keep, each address once.
 *
 * @throws TypeError where rules make of one what is no address
 */
export function targetsOf(group: TargetGroup): Target[] {
  const relabel = relabelBy(group.relabel);
  const found = new Map<string, Target>();
  for (const text of group.targets) {
    const labels = labelsOf(text, group);
    if (!relabel(labels)) continue;
    const target = targetOf(labels, group.name);
    found.set(`${target.url.href} ${target.jobLabel} ${target.instance}`, target);
  }
  return [...found.values()];
}

function labelsOf(text: string, { name, scheme, metrics_path, labels }: TargetGroup): Labels {
  const isUrl = text.includes('://');
  const url = new URL(isUrl ? text : `${scheme}://${text}`);
  const path = url.pathname === '/' && !text.endsWith('/') ? metrics_path : url.pathname;
  const query = [...url.searchParams].map(([key, value]) => [`__param_${key}`, value] as const);
  return new Map([
    ['job', name],
    ...Object.entries(labels).filter(([, value]) => value !== ''),
    ['__address__', `${url.hostname}:${portOf(url)}`],
    ['__scheme__', url.protocol.slice(0, -1)],
    ['__metrics_path__', isUrl ? path : metrics_path],
    ...query,
  ]);
}

function targetOf(labels: Labels, job: string): Target {
  const read = (name: string): string => labels.get(name) ?? '';
  const address = read('__address__');
  const url = new URL(`${read('__scheme__')}://${address}`);
  if (!/^https?:$/.test(url.protocol) || url.username + url.password !== '' || url.pathname !== '/')
    throw new TypeError('no address');
  const [path = '', search = ''] = read('__metrics_path__').split('?', 2);
  url.pathname = path;
  url.search = search;
  const rest = new Map<string, string>();
  for (const [name, value] of labels) {
    if (name.startsWith('__param_')) url.searchParams.append(name.slice('__param_'.length), value);
    else if (!name.startsWith('__') && name !== 'job' && name !== 'instance') rest.set(name, value);
  }
  const instance = read('instance') || `${url.hostname}:${portOf(url)}`;
  return { job, url, jobLabel: read('job') || job, instance, labels: rest };
}

/** Of a URL, which leaves out the usual one. */
export function portOf({ port, protocol }: URL): number {
  return port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port);
}

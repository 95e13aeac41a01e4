import dns, { type LookupAddress } from 'node:dns';
import { syncBuiltinESMExports } from 'node:module';
import { expect, it, onTestFinished } from 'vitest';
import { guardedLookup, isLinkLocal } from '../../../../collector/src/alert/channels/link-local.ts';
import { opened } from '../../../support/alert-channels.ts';

it('knows link-local addresses in every form, and where clouds hand out credentials', () => {
  const refused = [
    '169.254.169.254', '169.254.0.0', '169.254.255.255', 'fe80::1', '[fe80::1]', 'fe80::1%eth0', 'FEBF::1',
    '::ffff:169.254.169.254', '::ffff:a9fe:a9fe', '[::ffff:a9fe:a9fe]', '64:ff9b::a9fe:a9fe', 'fd00:ec2::254',
    '100.100.100.200',
  ]; // prettier-ignore
  expect(refused.filter((address) => !isLinkLocal(address))).toEqual([]);
  const open = [
    '127.0.0.1',
    '169.253.255.255',
    '169.255.0.0',
    '10.0.0.1',
    '::1',
    'fec0::1',
    '::ffff:127.0.0.1',
    'localhost',
    '',
  ];
  expect(open.filter(isLinkLocal)).toEqual([]);
});

it('sees through the ways in which a URL may write an address', () => {
  const hosts = [
    'http://2852039166/',
    'http://0xa9fea9fe/',
    'http://0251.0376.0251.0376/',
    'http://169.254.43518/',
    'http://[::ffff:169.254.169.254]/',
  ];
  expect(hosts.filter((url) => !isLinkLocal(new URL(url).hostname))).toEqual([]);
});

/** What a lookup answers where the name has these addresses. */
function lookedUp(addresses: readonly string[], all: boolean): Promise<unknown> {
  const found: LookupAddress[] = addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
  const resolve = ((_name: string, _options: object, done: (error: null, found: LookupAddress[]) => void) =>
    done(null, found)) as Parameters<typeof guardedLookup>[0];
  return new Promise((settle) => {
    guardedLookup(resolve)('name.example.com', { all }, (error, answer) => settle(error?.message ?? answer));
  });
}

it('refuses a name as soon as one of its addresses is link-local', async () => {
  expect(await lookedUp(['192.0.2.1', '169.254.169.254'], true)).toMatch(/link-local/);
  expect(await lookedUp(['::ffff:169.254.169.254'], false)).toMatch(/link-local/);
  expect(await lookedUp(['192.0.2.1', '2001:db8::1'], true)).toEqual([
    { address: '192.0.2.1', family: 4 },
    { address: '2001:db8::1', family: 6 },
  ]);
  expect(await lookedUp(['192.0.2.1', '2001:db8::1'], false)).toBe('192.0.2.1');
});

it('hands on what the system says of a name that is not there', async () => {
  const resolve = ((_name: string, _options: object, done: (error: Error) => void) =>
    done(new Error('ENOTFOUND'))) as Parameters<typeof guardedLookup>[0];
  const answered = await new Promise((settle) => {
    guardedLookup(resolve)('name.invalid', { all: true }, (error) => settle(error?.message));
  });
  expect(answered).toBe('ENOTFOUND');
});

it('keeps every channel from a name that leads there', async () => {
  const { lookup } = dns;
  onTestFinished(() => {
    dns.lookup = lookup;
    syncBuiltinESMExports();
  });
  const asked: string[] = [];
  dns.lookup = ((name: string, _options: object, done: (error: null, found: LookupAddress[]) => void) => {
    asked.push(name);
    done(null, [{ address: '169.254.169.254', family: 4 }]);
  }) as typeof lookup;
  syncBuiltinESMExports();
  const mail = { type: 'email', from: 'a@example.com', to: ['b@example.com'] };
  const channels = [
    { type: 'webhook', url: 'http://one.example.com/' },
    { type: 'alertmanager', url: 'https://two.example.com' },
    { ...mail, host: 'three.example.com' },
  ];
  for (const config of channels)
    expect(await opened(config).send()).toEqual({
      outcome: 'refused',
      why: 'its address is link-local; allow_link_local would permit it',
    });
  expect(asked).toEqual(['one.example.com', 'two.example.com', 'three.example.com']);
});

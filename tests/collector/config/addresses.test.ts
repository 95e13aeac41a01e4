import { expect, it } from 'vitest';
import { isAddress, isLoopback, isWildcard, plainHost } from '../../../collector/src/config/addresses.ts';

it('writes a host in one form, however it was given', () => {
  const check = (host: string, plain: string): void => expect([host, plainHost(host)]).toEqual([host, plain]);
  check('Sidecar.Internal.', 'sidecar.internal');
  check('127.0.0.1', '127.0.0.1');
  check('127.1', '127.0.0.1');
  check('2130706433', '127.0.0.1');
  for (const loopback of ['::1', '[::1]', '0:0:0:0:0:0:0:1', '[0::0001]']) check(loopback, '[::1]');
  for (const mapped of ['::ffff:127.0.0.2', '[::FFFF:7f00:2]', '::ffff:7f00:0002']) check(mapped, '127.0.0.2');
  check('::ffff:0.0.0.0', '0.0.0.0');
  check('fe80::1%eth0', '[fe80::1]');
  check('', '');
  check('no host', 'no host');
});

it('tells what is reached from this machine only', () => {
  const here = ['127.0.0.1', '127.255.255.254', '[::1]', 'localhost', 'shop.localhost'];
  expect(here.filter((host) => !isLoopback(host))).toEqual([]);
  const beyond = ['127.0.0.1.example', '127.example', 'localhost.example', '128.0.0.1', '0.0.0.0', '[::]', '[::2]', ''];
  expect(beyond.filter(isLoopback)).toEqual([]);
});

it('tells addresses from names, and those that stand for all', () => {
  expect(['1.2.3.4', '[::2]', 'shop', '1.2.3.4.example'].filter(isAddress)).toEqual(['1.2.3.4', '[::2]']);
  expect(['0.0.0.0', '[::]', '127.0.0.1', ''].filter(isWildcard)).toEqual(['0.0.0.0', '[::]']);
});

// Endpoints that lead back to a listener of the same configuration, on a machine that the test makes up.
import { describe, expect, it } from 'vitest';
import { ConfigInvalid, parseConfig } from '../../../collector/src/config/load.ts';
import { type Machine, NO_MACHINE } from '../../../collector/src/config/machine.ts';

const MACHINE: Machine = {
  ...NO_MACHINE,
  hostName: 'Workshop',
  addresses: ['127.0.0.1', '10.1.2.3', 'fd00::7', 'fe80::1%eth0'],
};

/** The key that is refused; undefined where the endpoint may be used. */
function refusedKey(endpoint: string, host: string, machine = MACHINE): string | undefined {
  const text = JSON.stringify({ receive: { http: { host } }, export: { otlp: { a: { endpoint } } } });
  try {
    parseConfig(text, 'test', [], {}, machine);
  } catch (error) {
    if (!(error instanceof ConfigInvalid)) throw error;
    const [{ path, message } = { path: '', message: '' }, ...others] = error.problems;
    expect([message, others]).toEqual([
      'is our own listener (receive.http.port); kept traces would return for ever',
      [],
    ]);
    return path;
  }
  return undefined;
}

const own = (host: string, ...names: string[]): void => {
  for (const name of names)
    expect([name, refusedKey(`http://${name}:4318`, host)]).toEqual([name, 'export.otlp.a.endpoint']);
};
const foreign = (host: string, ...names: string[]): void => {
  for (const name of names) expect([name, refusedKey(`http://${name}:4318`, host)]).toEqual([name, undefined]);
};

describe('an endpoint that is our own listener', () => {
  it('is refused by whatever name of loopback', () => {
    for (const host of ['127.0.0.1', 'localhost', '::1', '::ffff:127.0.0.1'])
      own(host, '127.0.0.1', '127.1', 'localhost', 'LOCALHOST.', '[::1]', '[::ffff:127.0.0.1]', '0.0.0.0', '[::]');
    own('127.0.0.2', '127.0.0.2', '[::ffff:7f00:2]');
  });

  it('is refused by every address and name of the machine where it listens on all', () => {
    for (const host of ['0.0.0.0', '::', '::ffff:0.0.0.0']) {
      own(host, 'localhost', '[::1]', '127.0.0.2', '127.255.0.1', '[::ffff:127.0.0.2]', 'shop.localhost');
      own(host, '10.1.2.3', '[::ffff:10.1.2.3]', '[fd00::7]', '[fe80::1]', 'workshop', 'WORKSHOP.');
      foreign(host, '10.1.2.4', '[fd00::8]', 'workshop2', 'workshop.example', 'sidecar');
    }
  });

  it('is refused as configured where it listens on one address', () => {
    own('10.1.2.3', '10.1.2.3', '[::ffff:10.1.2.3]');
    own('sidecar.internal', 'sidecar.internal', 'Sidecar.Internal.');
    foreign('10.1.2.3', 'localhost', '127.0.0.1', 'workshop', '10.1.2.4');
  });

  it('is not another sidecar on another address of loopback', () => {
    foreign('127.0.0.1', '127.0.0.2');
    foreign('127.0.0.2', '127.0.0.1', 'localhost');
  });

  it('is told by what the text says alone where nothing is known of the machine', () => {
    expect(refusedKey('http://127.0.0.2:4318', '0.0.0.0', NO_MACHINE)).toBe('export.otlp.a.endpoint');
    expect(refusedKey('http://workshop:4318', '0.0.0.0', NO_MACHINE)).toBeUndefined();
    expect(refusedKey('http://10.1.2.3:4318', '0.0.0.0', NO_MACHINE)).toBeUndefined();
  });
});

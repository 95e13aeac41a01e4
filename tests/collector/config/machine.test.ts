// What is known of the machine where it does not tell everything.
import { expect, it } from 'vitest';
import { thisMachine } from '../../../collector/src/config/machine.ts';

it('knows the addresses of every interface', () => {
  const at = (address: string) =>
    ({ address, netmask: '255.0.0.0', family: 'IPv4', mac: '00:00:00:00:00:00', internal: false, cidr: null }) as const;
  const interfaces = { lo: [at('127.0.0.1')], eth0: [at('10.0.0.7'), at('10.0.0.8')], down: undefined };
  expect(thisMachine(() => interfaces).addresses).toEqual(['127.0.0.1', '10.0.0.7', '10.0.0.8']);
});

it('knows none where the system does not let it ask, and starts all the same', () => {
  const forbidden = (): never => {
    throw new Error('A system error occurred: uv_interface_addresses returned Unknown system error 97');
  };
  const machine = thisMachine(forbidden);
  expect(machine.addresses).toEqual([]);
  expect(machine.hostName).not.toBe('');
});

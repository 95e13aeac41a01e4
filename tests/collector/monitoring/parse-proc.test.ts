import { describe, expect, it } from 'vitest';
import { NamedRows } from '../../../collector/src/monitoring/named-rows.ts';
import {
  countSockets,
  countTcp,
  CPU_FIELDS,
  DISK,
  DISK_FIELDS,
  NET,
  NET_FIELDS,
  parseCgroups,
  parseCpu,
  parseDisks,
  parseInterfaces,
  parseKeyed,
  parseMounts,
  parseNumber,
} from '../../../collector/src/monitoring/parse-proc.ts';

type Parse = (bytes: Uint8Array, length: number, rows: NamedRows) => void;

/** Rows of a text by name; behind it stands what an earlier, longer file left in the buffer. */
function rowsOf(parse: Parse, text: string, rows: NamedRows): Record<string, number[]> {
  const bytes = Buffer.from(`${text}7777 left over: 99\n`);
  parse(bytes, Buffer.byteLength(text), rows);
  return Object.fromEntries(
    rows.names.map((name, i) => [name, [...rows.values.subarray(i * rows.width, (i + 1) * rows.width)]]),
  );
}

describe('/proc/stat', () => {
  const check = (text: string, expected: Record<string, number[]>): void =>
    expect(rowsOf(parseCpu, text, new NamedRows(CPU_FIELDS))).toEqual(expected);

  it('has a row of all processors and one of each, and ends where they do', () => {
    check('cpu  57088 0 15236 141740 511 0 639 48 0 0\ncpu0 28185 0 7189 71927 47 0 297 24 0 0\nintr 1687953 0 0\n', {
      cpu: [57088, 0, 15236, 141740, 511, 0, 639, 48],
      cpu0: [28185, 0, 7189, 71927, 47, 0, 297, 24],
    });
  });

  it('may leave out processors that are off, and fields that old kernels do not have', () => {
    check('cpu 1 2 3 4\ncpu3 1 2 3 4\n', { cpu: [1, 2, 3, 4, 0, 0, 0, 0], cpu3: [1, 2, 3, 4, 0, 0, 0, 0] });
  });

  it('may be cut off, or empty', () => {
    check('cpu 10 20 3', { cpu: [10, 20, 3, 0, 0, 0, 0, 0] });
    check('', {});
    check('garbage\ncpu 1\n', {});
  });
});

describe('files of names and numbers', () => {
  const check = (text: string, expected: Record<string, number[]>): void =>
    expect(rowsOf(parseKeyed, text, new NamedRows(1))).toEqual(expected);

  it('may have colons, blanks, tabs and units', () => {
    check('MemTotal:       24683652 kB\nActive(anon):       1600 kB\nThreads:\t11\nnr_throttled 12\n', {
      MemTotal: [24683652],
      'Active(anon)': [1600],
      Threads: [11],
      nr_throttled: [12],
    });
  });

  it('may have words where others have numbers', () => {
    check('Name:\tnode 20\nVmRSS:\t  1616 kB\nGroups:\t \n\n', { Name: [0], VmRSS: [1616], Groups: [0] });
  });

  it('keep numbers beyond 2^53 as near as a double can', () => {
    check('big 18446744073709551615\n', { big: [2 ** 64] });
  });
});

describe('/proc/diskstats', () => {
  const rows = new NamedRows(DISK_FIELDS);
  const check = (text: string, expected: Record<string, Partial<Record<keyof typeof DISK, number>>>): void => {
    const found = rowsOf(parseDisks, text, rows);
    for (const [name, fields] of Object.entries(expected))
      for (const [field, value] of Object.entries(fields))
        expect(found[name]?.[DISK[field as keyof typeof DISK]], `${name} ${field}`).toBe(value);
    expect(Object.keys(found)).toEqual(Object.keys(expected));
  };

  it('tells operations, sectors and the time a device was busy', () => {
    check(
      '   7       0 loop0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n' +
        ' 254       0 vda 60672 7634 2857194 58229 18962 164256 12605472 42424 0 12324 101579 7869 20 2854408 916 243 8\n',
      {
        loop0: { reads: 0, ioMs: 0 },
        vda: { reads: 60672, sectorsRead: 2857194, writes: 18962, sectorsWritten: 12605472, ioMs: 12324 },
      },
    );
  });

  it('leaves out lines without a device', () => {
    check('\n8 0\nx y sda 1\n8 1 sda1 5 0 6\n', { sda1: { reads: 5, sectorsRead: 6, writes: 0 } });
  });
});

describe('/proc/net/dev', () => {
  const head =
    'Inter-|   Receive                                                |  Transmit\n' +
    ' face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed\n';

  it('tells bytes, packets, errors and drops, also where a number follows the colon at once', () => {
    const found = rowsOf(
      parseInterfaces,
      `${head}    lo: 100 2 0 0 0 0 0 0 100 2 0 0 0 0 0 0\neth0:652011959   31528    3    4    0     0          0         0  2760506   23340    5    6    0     0       0          0\n`,
      new NamedRows(NET_FIELDS),
    );
    expect(Object.keys(found)).toEqual(['lo', 'eth0']);
    const eth0 = found['eth0'] ?? [];
    expect([NET.receivedBytes, NET.receivedErrors, NET.receivedDropped].map((column) => eth0[column])).toEqual([
      652011959, 3, 4,
    ]);
    expect([NET.sentBytes, NET.sentPackets, NET.sentErrors, NET.sentDropped].map((column) => eth0[column])).toEqual([
      2760506, 23340, 5, 6,
    ]);
  });

  it('has nothing but its head in a network of its own', () => {
    expect(rowsOf(parseInterfaces, head, new NamedRows(NET_FIELDS))).toEqual({});
  });
});

describe('/proc/net/tcp', () => {
  const line = (index: number, state: string): string =>
    `${String(index).padStart(4)}: 0100007F:0FA1 00000000:0000 ${state} 00000000:00000000 00:00000000 00000000     0        0 5 1 f 100 0 0 10 0\n`;
  const text = `  sl  local_address rem_address   st tx_queue\n${line(0, '0A')}${line(1, '01')}${line(2, '01')}${line(3, '0a')}`;

  it('counts sockets by state, wherever the text is cut', () => {
    for (const cut of [0, 10, 60, 130, 200, text.length]) {
      const counts = new Float64Array(13);
      const bytes = Buffer.from(text);
      const used = countSockets(bytes.subarray(0, cut), cut, counts);
      countSockets(bytes.subarray(used), bytes.length - used, counts);
      expect([...counts]).toEqual([0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0]);
    }
  });

  it('leaves out what has no such state', () => {
    const counts = new Float64Array(13);
    const bytes = Buffer.from(`${line(0, 'FF')}${line(1, 'zz')}  2: x\n${line(3, '06')}`);
    countSockets(bytes, bytes.length, counts);
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(1);
  });
});

it('/proc/net/sockstat tells how many connections there are', () => {
  const bytes = Buffer.from('sockets: used 36\nTCP: inuse 12 orphan 3 tw 6 alloc 12 mem 83\nUDP: inuse 9 mem 0\n');
  expect(countTcp(bytes, bytes.length)).toBe(18);
  expect(countTcp(bytes, 10)).toBe(0);
});

it('a file of one number may be a word', () => {
  const of = (text: string): number | undefined => parseNumber(Buffer.from(text), text.length);
  expect([of('1753837568\n'), of('max\n'), of('')]).toEqual([1753837568, undefined, undefined]);
});

describe('/proc/self/mounts', () => {
  it('lists what has space of its own, each device once', () => {
    const mounts = parseMounts(
      'proc /proc proc rw,relatime 0 0\n/dev/vda1 / ext4 rw,discard 0 0\n/dev/vda1 /var/lib/x ext4 rw 0 0\n' +
        'tmpfs /run tmpfs rw 0 0\noverlay /merged overlay ro 0 0\n/dev/sdb1 /mnt/two\\040words xfs ro,noatime 0 0\n/dev/loop1 /snap squashfs ro 0 0\n',
    );
    expect(mounts).toEqual([
      { device: '/dev/vda1', folder: '/', type: 'ext4', isWritable: true },
      { device: 'overlay', folder: '/merged', type: 'overlay', isWritable: false },
      { device: '/dev/sdb1', folder: '/mnt/two words', type: 'xfs', isWritable: false },
    ]);
  });

  it('is bounded where a machine has many', () => {
    const many = Array.from({ length: 500 }, (_, i) => `/dev/sd${i} /m${i} ext4 rw 0 0`).join('\n');
    expect(parseMounts(many)).toHaveLength(64);
  });
});

it('/proc/self/cgroup tells where a process stands, by controller', () => {
  const paths = parseCgroups('9:name=systemd:/\n4:memory:/a/b\n3:cpu,cpuacct:/c\n0::/unified:odd\n');
  expect([paths.get('memory'), paths.get('cpu'), paths.get('cpuacct'), paths.get('')]).toEqual([
    '/a/b',
    '/c',
    '/c',
    '/unified:odd',
  ]);
});

describe('rows', () => {
  it('keep their revision while names stay, and change it when one comes, goes or is another', () => {
    const rows = new NamedRows(1);
    const after = (text: string): number => {
      rowsOf(parseKeyed, text, rows);
      return rows.revision;
    };
    const first = after('a 1\nb 2\n');
    expect(after('a 3\nb 4\n')).toBe(first);
    const fewer = after('a 3\n');
    expect(fewer).toBeGreaterThan(first);
    expect(after('c 3\n')).toBeGreaterThan(fewer);
    expect(rows.find('c')).toBe(3);
    expect(rows.find('a')).toBeUndefined();
  });
});

import { constants, gzipSync, zstdCompressSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { Malformed } from '../../../collector/src/otlp/malformed.ts';
import { type ContentEncoding, inflateLarge, inflateSmall, TooLarge } from '../../../collector/src/receive/inflate.ts';
import { zstdFrameLength } from '../../../collector/src/receive/zstd-frames.ts';
import { oneOf, pick, randomBytes, seeded } from '../../support/random.ts';

const LIMIT = 4 * 1024 * 1024;
const compress = { gzip: (body: Buffer) => gzipSync(body), zstd: (body: Buffer) => zstdCompressSync(body) } as const;

/** What both ways of inflating make of a body: its text, `later` where only the large way takes it, or the fault. */
async function outcomes(
  body: Buffer,
  encoding: ContentEncoding,
  limit = LIMIT,
): Promise<{ small: string; large: string }> {
  const name = (error: unknown): string => {
    if (error instanceof TooLarge) return 'too large';
    if (error instanceof Malformed) return error.reason;
    throw error;
  };
  let small: string;
  try {
    small = inflateSmall(body, encoding, limit)?.toString('latin1') ?? 'later';
  } catch (error) {
    small = name(error);
  }
  return { small, large: await inflateLarge(body, encoding, limit).then((out) => out.toString('latin1'), name) };
}

test('gives back what was compressed, at once where it is small', async () => {
  const random = seeded(1);
  for (const encoding of ['gzip', 'zstd'] as const)
    for (const length of [0, 1, 63, 64, 65, 1000, 300_000]) {
      const text = randomBytes(random, Math.min(length, 5000)).toString('latin1').padEnd(length, 'x');
      const { small, large } = await outcomes(compress[encoding](Buffer.from(text, 'latin1')), encoding);
      expect(small === text && large === text, `${encoding} of ${length}`).toBe(true);
    }
});

test('leaves a body that turns out large to the way off the event loop', async () => {
  const text = 'x'.repeat(2 * 1024 * 1024);
  for (const encoding of ['gzip', 'zstd'] as const) {
    const { small, large } = await outcomes(compress[encoding](Buffer.from(text)), encoding);
    expect(small).toBe('later');
    expect(large === text, encoding).toBe(true);
  }
});

test('stops a bomb at the limit', async () => {
  const bomb = Buffer.alloc(64 * 1024 * 1024);
  for (const encoding of ['gzip', 'zstd'] as const) {
    const body = compress[encoding](bomb);
    expect(body.length).toBeLessThan(100_000);
    expect((await outcomes(body, encoding)).large).toBe('too large');
    expect(await outcomes(body, encoding, 1000)).toEqual({ small: 'too large', large: 'too large' });
  }
});

test('stops many small frames at the limit too', async () => {
  const frame = zstdCompressSync(Buffer.alloc(60_000));
  const body = Buffer.concat(Array.from({ length: 100 }, () => frame));
  expect(await outcomes(body, 'zstd')).toEqual({ small: 'later', large: 'too large' });
});

test('refuses frames without end that hold nothing', async () => {
  const empty = zstdCompressSync(Buffer.alloc(0));
  const body = Buffer.concat(Array.from({ length: 20_000 }, () => empty));
  expect(await outcomes(body, 'zstd')).toEqual({ small: 'later', large: 'compression' });
});

test('inflates every frame of a zstd body and every member of a gzip body', async () => {
  const zstd = Buffer.concat(['one ', 'two ', 'three'].map((part) => zstdCompressSync(Buffer.from(part))));
  expect(await outcomes(zstd, 'zstd')).toEqual({ small: 'later', large: 'one two three' });
  const skippable = Buffer.concat([Buffer.from('512a4d1803000000', 'hex'), Buffer.from('abc'), zstd]);
  expect((await outcomes(skippable, 'zstd')).large).toBe('one two three');
  const gzip = Buffer.concat(['one ', 'two'].map((part) => gzipSync(Buffer.from(part))));
  expect(await outcomes(gzip, 'gzip')).toEqual({ small: 'one two', large: 'one two' });
});

test('refuses a gzip trailer that lies about the size, in either direction', async () => {
  for (const claim of [0, 1, 5000, 2 ** 31, 2 ** 32 - 1]) {
    const body = gzipSync(Buffer.from('some text'.repeat(100)));
    body.writeUInt32LE(claim, body.length - 4);
    expect(await outcomes(body, 'gzip'), `claim ${claim}`).toEqual({ small: 'compression', large: 'compression' });
  }
});

test('refuses garbage and cut bodies, and never inflates them to something', async () => {
  const random = seeded(2);
  const text = randomBytes(random, 3000).toString('latin1');
  for (const encoding of ['gzip', 'zstd'] as const) {
    const sound = compress[encoding](Buffer.from(text, 'latin1'));
    for (let cut = 0; cut < sound.length; cut += 1 + pick(random, 40)) {
      const { small, large } = await outcomes(sound.subarray(0, cut), encoding);
      // An empty zstd body is no frame at all, and so nothing; the scan then finds nothing in it.
      if (cut === 0 && encoding === 'zstd') continue;
      expect(oneOf(random, [small, large]), `${encoding} cut at ${cut}`).toBe('compression');
    }
    for (let i = 0; i < 200; i++) {
      const { small, large } = await outcomes(randomBytes(random, 1 + pick(random, 200)), encoding);
      expect([small, large]).toEqual(['compression', 'compression']);
    }
    const trailing = await outcomes(Buffer.concat([sound, Buffer.from('garbage')]), encoding);
    expect(trailing.large === 'compression' || trailing.large === text, `${encoding} trailing`).toBe(true);
  }
});

test('finds the end of real zstd frames at every level, with and without checksum and content size', () => {
  const random = seeded(3);
  for (const length of [0, 1, 100, 70_000, 400_000]) {
    const body = Buffer.concat([
      randomBytes(random, Math.min(length, 2000)),
      Buffer.alloc(Math.max(0, length - 2000), 7),
    ]);
    for (const level of [-5, 1, 3, 9, 19])
      for (const checksum of [0, 1])
        for (const size of [0, 1]) {
          const frame = zstdCompressSync(body, {
            params: {
              [constants.ZSTD_c_compressionLevel]: level,
              [constants.ZSTD_c_checksumFlag]: checksum,
              [constants.ZSTD_c_contentSizeFlag]: size,
            },
          });
          const between = Buffer.concat([Buffer.from('before'), frame, Buffer.from('after the frame')]);
          expect(zstdFrameLength(between, 6), `${length} at ${level}`).toBe(frame.length);
          expect(() => zstdFrameLength(frame.subarray(0, frame.length - 1), 0)).toThrow(/cut/);
        }
  }
});

// Recorded calls as JSON Lines, answered line by line.
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { Scan } from '../baseline/scan.ts';
import { readCalls } from './recorded-calls.ts';

/** Reads all lines of the input and writes what is to be said of them. @throws BAD_RECORDING where a line is none */
export async function scanLines(input: Readable, output: Writable): Promise<void> {
  const said: string[] = [];
  let scan: Scan | undefined;
  await readCalls(input, {
    meta: (meta) => (scan = new Scan(meta, (line) => said.push(`${JSON.stringify(line)}\n`))),
    take: (call) => scan?.take(call),
    async pieceRead() {
      if (said.length > 0 && !output.write(said.splice(0).join(''))) await once(output, 'drain');
    },
  });
  scan?.end();
  if (said.length > 0) output.write(said.join(''));
}

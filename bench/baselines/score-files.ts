// Scores a detector over dumped streams: node bench/baselines/score-files.ts DIR [part of a name]
// SCAN names the command; without it the sidecar's own. Prints each miss and each false alarm, then the score.
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { inTurns } from './in-turns.ts';
import { linesOf, tableOf } from './print.ts';
import { scan, scanCommand } from './scan.ts';
import { scoreStream, type StreamScore } from './score.ts';
import type { Truth } from './truth.ts';

const [directory = '', wanted = ''] = process.argv.slice(2);
const names = globSync('*.truth.json', { cwd: directory })
  .map((file) => file.replace('.truth.json', ''))
  .filter((name) => name.includes(wanted))
  .sort();
if (names.length === 0) throw new Error(`no streams in ${directory}`);
const scores: StreamScore[] = await inTurns(names, async (name) => {
  const truth = JSON.parse(readFileSync(join(directory, `${name}.truth.json`), 'utf8')) as Truth;
  const score = scoreStream(truth, await scan(scanCommand(), { file: join(directory, `${name}.jsonl`) }));
  for (const line of linesOf(score, truth)) console.log(line);
  return score;
});
console.log(tableOf(scores));

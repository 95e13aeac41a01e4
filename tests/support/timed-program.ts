// A small real program, run in a process of its own: it works for a while and writes each call as a line of a recording.
import { spawn } from 'node:child_process';
import { once } from 'node:events';

/**
 * Works in rounds, each of one call of every operation, measures each by the processor time it took, and records it. Work is
 * counted in turns of a loop, not in time: a build that has to do more is slower wherever it runs. It is run without a
 * compiler, which would change the speed of the loop at a moment of its own choice.
 */
const PROGRAM = `
const [rounds, ...turns] = process.argv.slice(1).map(Number);
const NAMES = ['parse', 'price', 'render', 'store'];
function work(turns) {
  let state = 1;
  for (let i = 0; i < turns; i++) state = (Math.imul(state, 48271) + i) | 0;
  return state;
}
let kept = 0;
for (let i = 0; i < 20; i++) for (const each of turns) kept ^= work(each);
process.stdout.write(JSON.stringify({ meta: { service: 'program' } }) + '\\n');
let lines = '';
for (let round = 0; round < rounds; round++) {
  turns.forEach((each, i) => {
    const before = process.cpuUsage();
    kept ^= work(each);
    const { user, system } = process.cpuUsage(before);
    const duration_ms = (user + system) / 1000;
    lines += JSON.stringify({ t_ms: Date.now(), op: NAMES[i], duration_ms, error: 0 }) + '\\n';
  });
}
process.stdout.write(lines);
if (kept === 1e9) process.exitCode = 9;
`;

/** Runs it to its end. @param turns of work of each operation, at most four @returns the recording */
export async function runProgram(rounds: number, turns: readonly number[]): Promise<string> {
  const child = spawn(process.execPath, ['--jitless', '-e', PROGRAM, `${rounds}`, ...turns.map(String)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout.setEncoding('utf8');
  child.stdout.on('data', (piece: string) => (text += piece));
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`the program ended with ${code}`);
  return text;
}

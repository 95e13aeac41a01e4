// Runs tests/scenarios/sample-*.yaml by the engine of `evenkeel config test`: the real loader, intake and sample stage,
// on a clock that moves only as a test says. The form of a file stands in collector/src/scenario/format.ts; in short:
//
//   config: FILE, or the configuration itself
//   tests:                   # each on a sampler of its own, time beginning at 0
//     - name: what is to be seen
//       randomness: { TRACE: 0..1 }   # 0.5 unless said; a sampling ratio of 1 - randomness and above keeps the trace
//       spans:               # a root span of kind server, of 10ms, at 0s, in service shop, unless it says otherwise
//         - { trace: WORD, at: 2s, id: WORD, parent: WORD, service: …, name: …, kind: client, duration: 1s, status: error,
//             attributes: { KEY: VALUE }, resource: { KEY: VALUE }, sampled: true, trace_state: …,
//             links: [WORD] }
//         - { trace: WORD, copies: 1000, every: 10ms, … }    # so many traces alike, their randomness spread evenly;
//                            # lines with the same word and copies go to the same traces, one span each
//       expect:              # after everything was decided; traces that are not named may become what they will
//         WORD: { decision: kept or dropped, policy: NAME or none, threshold: "e666", cause: root }
//         WORD: { kept: 12, policies: { NAME: { min: 3, max: 5 } } }       # of copies: counts, exact or from … to …
//
// A word names a trace; 32 hexadecimal digits in quotes are taken as its id. `parent` need not name a listed span.
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { testFile } from '../../collector/src/cli/config-test.ts';

const FOLDER = fileURLToPath(new URL('.', import.meta.url));
const files = readdirSync(FOLDER).filter((name) => /^sample-.*\.yaml$/.test(name));

it.each(files)('%s', async (name) => {
  const { tests } = await testFile(`${FOLDER}${name}`);
  expect(tests.filter(({ passed }) => !passed)).toEqual([]);
});

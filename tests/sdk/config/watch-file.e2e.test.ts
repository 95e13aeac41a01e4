// A configuration file that is changed under a running program.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';
import { eventually } from '../../support/eventually.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const PROGRAM = fileURLToPath(new URL('../../fixtures/sdk/followed.mjs', import.meta.url));

it('its sampler counts at once, other changes are told, and mistakes change nothing', async () => {
  const path = join(temporaryFolder(), 'otel.yaml');
  const write = (sampler: string, more = ''): void => {
    // As editors and Kubernetes do: the path leads to another file.
    writeFileSync(
      `${path}.new`,
      `file_format: "1.1"\n${more}tracer_provider:\n  processors: []\n  sampler: ${sampler}\n`,
    );
    renameSync(`${path}.new`, path);
  };
  write('{ always_off: }');
  const child = spawn(process.execPath, [PROGRAM], { env: { OTEL_CONFIG_FILE: path } });
  onTestFinished(() => void child.kill('SIGKILL'));
  let [said, told] = ['', ''];
  child.stdout.on('data', (piece) => (said += piece));
  child.stderr.on('data', (piece) => (told += piece));
  const says = (text: string): Promise<unknown> => eventually(text, async () => said.endsWith(`${text}\n`));

  await says('dropped');
  write('{ trace_id_ratio_based: { ratio: 1 } }');
  await says('kept ot=th:0');
  write('{ always_of: }');
  await eventually('the mistake', async () => told.includes('otel.yaml:4: unknown or unsupported node "always_of"'));
  expect(said.endsWith('kept ot=th:0\n')).toBe(true);
  write('{ always_on: }', 'log_level: info\n');
  await says('kept');
  await eventually('the other change', async () => told.includes('not only the sampler [CONFIG_FILE_CHANGED]'));
  child.stdin.end();
  expect(await once(child, 'exit')).toEqual([0, null]);
});

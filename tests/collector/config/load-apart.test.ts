import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadConfigApart } from '../../../collector/src/config/load-apart.ts';
import { type Environment, loadConfig, type Override } from '../../../collector/src/config/load.ts';
import { thisMachine } from '../../../collector/src/config/machine.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

function fileOf(text: string): string {
  const file = join(temporaryFolder(), 'collector.yaml');
  writeFileSync(file, text);
  return file;
}

describe('a configuration loaded apart', () => {
  it('is the one that is loaded here', async () => {
    const file = fileOf(
      'sample:\n  policies:\n    - name: all\n      type: probabilistic\n      ratio: ${env:SHARE}\nlogs: false',
    );
    const overrides: readonly Override[] = [{ path: ['web', 'port'], value: '0' }];
    const environment: Environment = { SHARE: '0.5', OTHER: undefined };
    const apart = await loadConfigApart({ files: [file], overrides, environment });
    expect(apart).toEqual(loadConfig([file], overrides, environment, thisMachine()));
    expect(apart).toMatchObject({ web: { port: 0 }, logs: false, sample: { policies: [{ ratio: 0.5 }] } });
  });

  it('is the defaults where no file is named', async () => {
    const apart = await loadConfigApart({ files: [], overrides: [], environment: {} });
    expect(apart).toEqual(loadConfig([], [], {}, thisMachine()));
  });

  it('fails with the code, words and hint it fails with here', async () => {
    const check = async (file: string): Promise<void> => {
      let here: unknown;
      try {
        loadConfig([file], [], {}, thisMachine());
      } catch (error) {
        here = error;
      }
      const { code, message, hint } = here as { code: string; message: string; hint: string };
      const failing = loadConfigApart({ files: [file], overrides: [], environment: {} });
      await expect(failing).rejects.toMatchObject({ code, message, hint });
    };
    await check(fileOf('smaple: {}\nweb: { port: -1 }'));
    await check(join(temporaryFolder(), 'missing.yaml'));
    await check(fileOf('web: { tls: { cert_file: /no/such.pem, key_file: /no/such.key } }'));
  });
});

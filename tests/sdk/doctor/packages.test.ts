// Copies of the API and other SDKs in the packages of a program.
import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { findApiCopies, findOtherSdks, isHeard } from '../../../sdk/src/doctor/packages.ts';

async function project(files: Readonly<Record<string, string>>): Promise<string> {
  const made = await realpath(await mkdtemp(join(tmpdir(), 'evenkeel-doctor-')));
  onTestFinished(() => rm(made, { recursive: true }));
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(made, name)), { recursive: true });
    await writeFile(join(made, name), text);
  }
  return made;
}

const api = (folder: string, version: string): Record<string, string> => ({
  [`${folder}node_modules/@opentelemetry/api/package.json`]: `{ "version": "${version}", "main": "build/index.js" }`,
  [`${folder}node_modules/@opentelemetry/api/build/index.js`]: '',
});

describe('findApiCopies', () => {
  it('finds every copy, and who gets which', async () => {
    const folder = await project({
      ...api('', '1.9.1'),
      ...api('node_modules/@evenkeel/sdk/', '1.10.0'),
      ...api('node_modules/other/', '1.4.0'),
      'package.json': '{}',
    });
    const copies = findApiCopies(folder, join(folder, 'node_modules/@evenkeel/sdk/dist/doctor.js'));
    expect(copies.map(({ version, usedBy }) => `${version} ${usedBy.join()}`).sort()).toEqual([
      '1.10.0 sdk',
      '1.4.0 ',
      '1.9.1 program',
    ]);
  });

  it('finds none where there is none', async () => {
    const folder = await project({});
    expect(findApiCopies(folder, join(folder, 'a.js'))).toEqual([]);
  });
});

describe('isHeard', () => {
  it('says that a newer user is not heard by an older registration, as the API itself does', () => {
    expect(isHeard('1.9.0', '1.10.0')).toBe(true);
    expect(isHeard('1.10.0', '1.10.3')).toBe(true);
    expect(isHeard('1.10.0', '1.9.1')).toBe(false);
    expect(isHeard('2.0.0', '1.10.0')).toBe(false);
    expect(isHeard('unknown', '1.10.0')).toBe(false);
  });
});

describe('findOtherSdks', () => {
  it('names packages that register an SDK', async () => {
    const manifest = { dependencies: { 'dd-trace': '5', express: '5' }, devDependencies: { '@sentry/node': '10' } };
    expect(findOtherSdks(await project({ 'package.json': JSON.stringify(manifest) }))).toEqual([
      'dd-trace',
      '@sentry/node',
    ]);
    expect(findOtherSdks(await project({}))).toEqual([]);
  });
});

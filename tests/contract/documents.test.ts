// What the documents say is so: links lead somewhere, snippets are valid, named files and scripts exist.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { testFile } from '../../collector/src/cli/config-test.ts';
import { parseConfig } from '../../collector/src/config/load.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const DOCUMENTS = [
  'README.md',
  'ARCHITECTURE.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  'CHANGELOG.md',
  'sdk/README.md',
  'examples/workflow-runtime/README.md',
  'docs/adr/README.md',
];

function codeBlocks(text: string, language: string): string[] {
  return [...text.matchAll(new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``, 'g'))].map(([, code]) => code ?? '');
}

describe.each(DOCUMENTS)('%s', (document) => {
  it('links to files that exist', () => {
    const links = [...read(document).matchAll(/\]\(([^)#\s]+)/g)].map(([, link]) => link ?? '');
    const broken = links.filter((link) => !link.startsWith('http') && !existsSync(join(ROOT, dirname(document), link)));
    expect(broken).toEqual([]);
  });
});

describe('README.md', () => {
  const readme = read('README.md');

  it('shows configurations that are valid', () => {
    const blocks = codeBlocks(readme, 'yaml');
    expect(blocks.length).toBeGreaterThan(0);
    for (const block of blocks) expect(() => parseConfig(block, 'README.md')).not.toThrow();
  });

  it('shows tests of sampling that pass on the configuration beside them', async () => {
    const config = codeBlocks(readme, 'yaml').find((block) => /^sample:/m.test(block)) ?? '';
    const tests = codeBlocks(readme, 'yml').find((block) => /^tests:/m.test(block)) ?? '';
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'collector.yaml'), config);
    writeFileSync(join(folder, 'sampling.test.yaml'), tests);
    const result = await testFile(join(folder, 'sampling.test.yaml'));
    expect(result.tests.flatMap(({ problems }) => problems)).toEqual([]);
    expect(result.tests).toHaveLength(2);
  });

  it('gives the two commands first', () => {
    expect(codeBlocks(readme, 'sh')[0]).toMatch(/^npm start.*\nnpm test/);
  });

  it('names scripts that exist', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    const named = [...(readme + read('CONTRIBUTING.md')).matchAll(/npm run ([a-z:]+)/g)].map(([, name]) => name ?? '');
    expect(named.filter((name) => scripts[name] === undefined)).toEqual([]);
  });
});

describe('ARCHITECTURE.md', () => {
  it('stays within 150 lines', () => {
    expect(read('ARCHITECTURE.md').split('\n').length).toBeLessThanOrEqual(150);
  });

  it('names only files that exist', () => {
    const named = [...read('ARCHITECTURE.md').matchAll(/`([a-z0-9/-]+(?:\.[a-z-]+)*\.(?:ts|md|json))`/g)].map(
      ([, name]) => name ?? '',
    );
    const roots = [
      '',
      'collector/src/',
      'tests/',
      ...['receive', 'sample', 'otlp', 'export', 'store', 'pipeline', 'model', 'web', 'config', 'measure'].map(
        (room) => `collector/src/${room}/`,
      ),
      'sdk/src/',
      'sdk/src/observe/',
      'tests/collector/otlp/',
    ];
    expect(named.filter((name) => !roots.some((root) => existsSync(join(ROOT, root, name))))).toEqual([]);
  });
});

import { SpanStatusCode } from '@opentelemetry/api';
import { expect, test } from 'vitest';
import { PackageTree, parseManifest } from '../../examples/workflow-runtime/src/dependencies/package-tree.ts';
import { Slowdowns } from '../../examples/workflow-runtime/src/faults/slowdowns.ts';
import { writeOddProject, writeProject } from './project.ts';
import { recordSpans } from './recorded-spans.ts';

const spans = recordSpans();

const open = (root: string) => new PackageTree(root, new Slowdowns());
const coded = (code: string) => expect.objectContaining({ code });

test('reads a manifest inside a span that names the package', async () => {
  const manifest = await open(writeOddProject()).readManifest('node_modules/boat');
  expect(manifest).toMatchObject({ name: 'boat', license: 'MIT' });
  const [span] = spans.named('manifest.read');
  expect(span.attributes['package.path']).toBe('node_modules/boat');
  expect(span.status.code).not.toBe(SpanStatusCode.ERROR);
});

test('shows each fault of the data as an error of its operation', async () => {
  const tree = open(writeOddProject());
  const gone = [{ subpath: '.', condition: 'default', file: './gone.js' }];
  await expect(tree.readManifest('node_modules/keel-darwin')).rejects.toEqual(coded('ENOENT'));
  await expect(tree.readManifest('node_modules/rope')).rejects.toEqual(coded('MANIFEST_INVALID'));
  await expect(tree.checkEntryPoints('node_modules/sail', gone)).rejects.toEqual(coded('EXPORT_MISSING'));
  await expect(tree.readReadme('node_modules/anchor')).rejects.toEqual(coded('README_MISSING'));
  expect(spans.all().map(({ name, status }) => [name, status.code])).toEqual([
    ['manifest.read', SpanStatusCode.ERROR],
    ['manifest.read', SpanStatusCode.ERROR],
    ['exports.check', SpanStatusCode.ERROR],
    ['readme.read', SpanStatusCode.ERROR],
  ]);
});

const checkRefused = (text: string, message: RegExp) =>
  expect(() => parseManifest('p', text)).toThrow(
    expect.objectContaining({ code: 'MANIFEST_INVALID', message: expect.stringMatching(message) }),
  );

test('names every wrong field of a manifest, and text that is no JSON', () => {
  checkRefused('{"name":"p","version":"1.0.0","keywords":"a, b"}', /keywords/);
  checkRefused('{"license":{"type":"MIT"}}', /name[\s\S]*version[\s\S]*license/);
  checkRefused('{"name":', /not JSON/);
});

test('finds entry points as require() does: as they are, with an extension, as a folder', async () => {
  const root = writeProject({ p: { files: { 'a.js': '', 'data.json': '{}', 'lib/index.js': '' } } });
  const points = ['./a.js', './a', './data', './lib'].map((file) => ({ subpath: '.', condition: 'main', file }));
  await expect(open(root).checkEntryPoints('p', points)).resolves.toBeUndefined();
});

const checkReadme = async (name: string, text: string, expected: string) => {
  const root = writeProject({ p: { files: { [name]: text, 'readme-theme.css': 'x', 'package.json': '{}' } } });
  expect(await open(root).readReadme('p')).toBe(expected);
};

test('finds a README in any of its spellings and cuts a very long one', async () => {
  await checkReadme('README.md', 'text', 'text');
  await checkReadme('readme.markdown', 'text', 'text');
  await checkReadme('Readme', 'text', 'text');
  await checkReadme('README.md', 'x'.repeat(100_000), 'x'.repeat(65_536));
});

test('gives the same result when it is slowed', async () => {
  const slowdowns = new Slowdowns();
  const tree = new PackageTree(writeOddProject(), slowdowns);
  const before = await tree.readReadme('node_modules/boat');
  slowdowns.set('readme', 20);
  slowdowns.set('manifest', 20);
  expect(await tree.readReadme('node_modules/boat')).toBe(before);
  expect(await tree.readManifest('node_modules/boat')).toMatchObject({ name: 'boat' });
  expect(spans.named('readme.read')).toHaveLength(2);
});

// The `evenkeel` command: what it prints, how it ends, and that a start that fails leaves nothing behind.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { runCommand, startCommand } from '../support/command.ts';
import { eventually } from '../support/eventually.ts';
import { send } from '../support/http.ts';
import { startSidecar } from '../support/sidecar.ts';
import { startSink } from '../support/sink.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { testSpan } from '../support/test-span.ts';
import { bodyOf } from '../support/traffic.ts';

const FIXTURES = fileURLToPath(new URL('../fixtures/config/', import.meta.url));
const PORTS = ['receive.http.port', 'receive.grpc.port', 'export.prometheus.port', 'web.port'];
const PORTS_FREE = PORTS.flatMap((each) => ['--set', `${each}=0`]);

/** A port that somebody else has. */
async function takenPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

describe('evenkeel', () => {
  it('says what it can do', async () => {
    const check = async (args: string[], code: number, stream: 'stdout' | 'stderr', text: RegExp): Promise<void> => {
      const ended = await runCommand(args);
      expect([ended.code, ended[stream === 'stdout' ? 'stderr' : 'stdout']]).toEqual([code, '']);
      expect(ended[stream]).toMatch(text);
    };
    await check([], 0, 'stdout', /evenkeel run .*\n.*config check FILE/);
    await check(['--help'], 0, 'stdout', /evenkeel run/);
    await check(['run', '--help'], 0, 'stdout', /--config FILE/);
    await check(['config', '-h'], 0, 'stdout', /Exit code 0/);
    const { version } = JSON.parse(readFileSync(join(FIXTURES, '../../../collector/package.json'), 'utf8')) as {
      version: string;
    };
    await check(['--version'], 0, 'stdout', new RegExp(`^${version}\n$`));
    await check(['rnu'], 2, 'stderr', /^evenkeel: unknown command rnu\n/);
    await check(['constructor'], 2, 'stderr', /unknown command constructor/);
    await check(['run', 'now'], 2, 'stderr', /takes no argument now/);
    await check(['run', '--prot=1'], 2, 'stderr', /--prot/);
    await check(['config'], 2, 'stderr', /expected: evenkeel config check FILE/);
    await check(['config', 'chekc', 'x'], 2, 'stderr', /expected: evenkeel config check FILE/);
  });
});

describe('evenkeel config check', () => {
  const token = { BACKEND_TOKEN: 'hidden-word' };

  it('accepts a good file', async () => {
    const file = join(FIXTURES, 'everything.good.yaml');
    expect(await runCommand(['config', 'check', file], token)).toMatchObject({
      code: 0,
      stdout: `${file} is valid\n`,
      stderr: '',
    });
    const asJson = await runCommand(['config', 'check', '--json', file], token);
    expect([asJson.code, JSON.parse(asJson.stdout)]).toEqual([0, { valid: true, problems: [] }]);
  });

  it('lists everything wrong with a bad one', async () => {
    const file = join(FIXTURES, 'unknown-keys.bad.yaml');
    const ended = await runCommand(['config', 'check', file]);
    expect([ended.code, ended.stdout]).toEqual([1, '']);
    expect(ended.stderr).toContain('evenkeel: the configuration is not valid: 5 problems\n');
    expect(ended.stderr).toContain(`  ${file}:6 sampel: unknown key; did you mean sample?\n`);
    expect(ended.stderr).toMatch(/hint: .*\n$/);
    const asJson = await runCommand(['config', 'check', file, '--json']);
    expect([asJson.code, asJson.stderr]).toEqual([1, '']);
    const answer = JSON.parse(asJson.stdout) as { valid: boolean; problems: object[] };
    expect(answer.valid).toBe(false);
    expect(answer.problems).toContainEqual({ path: 'sampel', line: 6, message: 'unknown key; did you mean sample?' });
  });

  it('says so where it cannot read the file', async () => {
    const ended = await runCommand(['config', 'check', '/no/such/file.yaml']);
    expect(ended.code).toBe(1);
    expect(ended.stderr).toMatch(
      /^evenkeel: the configuration file cannot be read: \/no\/such\/file\.yaml\n {2}hint: .*\n$/,
    );
  });

  it('looks at the files it names and at the machine it runs on', async () => {
    const folder = temporaryFolder();
    const file = join(folder, 'collector.yaml');
    writeFileSync(
      file,
      `receive: { http: { host: 0.0.0.0, auth: { token_file: ${folder} } } }
web: { tls: { cert_file: /no/such.pem, key_file: /no/such.key } }
export: { otlp: { self: { endpoint: "http://${hostname()}:4318" } } }
`,
    );
    const ended = await runCommand(['config', 'check', '--json', file]);
    const { problems } = JSON.parse(ended.stdout) as { problems: { path: string; line: number }[] };
    expect(problems.map(({ path, line }) => `${line} ${path}`)).toEqual([
      '3 export.otlp.self.endpoint',
      '1 receive.http.auth.token_file',
      '2 web.tls.cert_file',
      '2 web.tls.key_file',
    ]);
  });

  it('shows no secret, whatever is wrong around it', async () => {
    const folder = temporaryFolder();
    const file = join(folder, 'collector.yaml');
    writeFileSync(
      file,
      [
        'web: { port: "${env:SECRET}" }',
        'sample: { decision_wait: "${env:SECRET}", policies: [{ name: "${env:SECRET}", type: "${env:SECRET}" }] }',
        'export:',
        '  otlp:',
        '    backend: { endpoint: "http://x:${env:SECRET}@localhost", compression: "${env:SECRET}", headers: { a: "${env:SECRET}" } }',
        '    other: { endpoint: "${env:SECRET}", headers: "${env:SECRET}", timeout: "${env:SECRET}" }',
      ].join('\n'),
    );
    for (const args of [
      ['config', 'check', file],
      ['config', 'check', file, '--json'],
      ['run', '--config', file],
    ]) {
      const ended = await runCommand(args, { SECRET: 'hidden-word' });
      expect(ended.code).toBe(1);
      expect(ended.stdout + ended.stderr).toContain('web.port');
      expect(ended.stdout + ended.stderr).not.toContain('hidden-word');
    }
  });
});

describe('evenkeel run', () => {
  it('prints where it is found, and ends on SIGTERM and SIGINT', async () => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      const { child, output, ended } = startCommand(['run', ...PORTS_FREE, '--set', 'store=false']);
      await eventually(output, () => output().includes('page'));
      const [, page = ''] = /page\s+(http\S+)/.exec(output()) ?? [];
      expect((await send(`${page}/ready`)).status).toBe(200);
      child.kill(signal);
      expect(await ended).toMatchObject({ code: 0, signal: null, stderr: '' });
      expect(output()).toMatch(
        /^evenkeel is running\n {2}OTLP\/HTTP +http.*\n {2}OTLP\/gRPC +http.*\n {2}metrics +http.*\n {2}page +http.*\n$/,
      );
    }
  });

  it('says which port is in use, and leaves nothing running', async () => {
    const port = await takenPort();
    for (const key of PORTS) {
      const folder = temporaryFolder();
      const ended = await runCommand(['run', ...PORTS_FREE, '--set', `${key}=${port}`], {}, folder);
      expect(ended).toMatchObject({ code: 1, signal: null, stdout: '' });
      expect(ended.stderr).toBe(
        `evenkeel: the port is already in use: 127.0.0.1:${port} (${key})\n  hint: stop the other program or configure another port\n`,
      );
    }
  });

  it('says why the store cannot be used', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'file'), '');
    const check = async (path: string, why: RegExp): Promise<void> => {
      const ended = await runCommand(['run', ...PORTS_FREE, '--set', `store.path=${path}`], {}, folder);
      expect(ended).toMatchObject({ code: 1, signal: null, stdout: '' });
      expect(ended.stderr).toMatch(why);
      expect(ended.stderr.trim().split('\n')).toHaveLength(2);
    };
    await check(join(folder, 'file', 'below'), /^evenkeel: the store cannot be opened: .*ENOTDIR/);
    mkdirSync(join(folder, 'taken', 'traces.sqlite'), { recursive: true });
    await check(join(folder, 'taken'), /^evenkeel: the store cannot be opened: .*unable to open/);
    const running = startCommand(['run', ...PORTS_FREE], {}, folder);
    await eventually(running.output, () => running.output().includes('page'));
    await check('./.evenkeel', /^evenkeel: the store cannot be opened: .*locked/);
    running.child.kill('SIGTERM');
    expect((await running.ended).code).toBe(0);
  });

  it('refuses to export to itself, and a missing authority file', async () => {
    const self = await runCommand(['run'], { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://localhost:4318' });
    expect([self.code, self.stderr]).toEqual([
      1,
      expect.stringContaining('is our own listener (receive.http.port)') as string,
    ]);
    const ca = [
      '--set',
      'export.otlp.b={ endpoint: "https://localhost:1", ca_file: /no/such.pem }',
      '--set',
      'store=false',
    ];
    const missing = await runCommand(['run', ...PORTS_FREE, ...ca]);
    expect([missing.code, missing.stderr]).toEqual([
      1,
      expect.stringContaining('cannot be read: /no/such.pem') as string,
    ]);
  });

  it('shows no secret while it runs', async () => {
    const sink = await startSink();
    sink.react((i) => (i === 0 ? { status: 503, headers: { 'retry-after': '0' } } : { status: 400 }));
    const sidecar = await startSidecar({
      config: 'sample: { policies: [{ name: all, type: probabilistic, ratio: 1 }], after_root: 0s }\n',
      env: {
        OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${sink.url}/v1/traces?key=hidden-word`,
        OTEL_EXPORTER_OTLP_HEADERS: 'authorization=hidden-word',
      },
    });
    const body = bodyOf([testSpan()]);
    await send(`${sidecar.urls.otlpHttp}/v1/traces`, {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/x-protobuf' },
    });
    await eventually('both answers', () => sink.requests.length === 2);
    expect(sink.requests[0]?.headers.authorization).toBe('hidden-word');
    await eventually(sidecar.stderr, () => sidecar.stderr().includes('REFUSED'));
    const seen = [sidecar.stderr()];
    for (const url of [sidecar.urls.metrics, `${sidecar.urls.page}/api/books`, `${sidecar.urls.page}/health`])
      seen.push((await send(url)).body.toString());
    expect(seen.join()).not.toContain('hidden-word');
    expect(await sidecar.stop()).toEqual({ code: 0, signal: null });
  });
});

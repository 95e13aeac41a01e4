// What a sidecar has learned, and what it has said, after it was killed with kill -9.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { hookServer } from '../support/alert-rig.ts';
import { post, send } from '../support/http.ts';
import { seeded } from '../support/random.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { testSpan } from '../support/test-span.ts';
import { bodyOf } from '../support/traffic.ts';

const FIXTURE = fileURLToPath(new URL('../fixtures/baseline/sidecar-of-fast-time.ts', import.meta.url));
const BEGIN_MS = 1_800_000_000_000;
/** As often as a stock SDK sends. */
const FLUSH_S = 5;
const CALLS_PER_S = 3;

interface Urls {
  readonly otlpHttp: string;
  readonly metrics: string;
}

/** What calls are like. */
interface Traffic {
  readonly slower?: number;
  readonly perS?: number;
}

/** A sidecar in a process of its own, and the service beside it. Its time goes on over its restarts. */
class Scene {
  readonly #folder = temporaryFolder();
  readonly #random = seeded(7);
  #nowMs = BEGIN_MS;
  #child: ChildProcess | undefined;
  readonly #config: string;
  #urls: Urls = { otlpHttp: '', metrics: '' };

  /** @param config as YAML */
  constructor(config: object = {}) {
    this.#config = JSON.stringify(config);
  }

  async start(): Promise<void> {
    const child = (this.#child = fork(FIXTURE, [this.#folder, String(this.#nowMs), this.#config], { stdio: 'pipe' }));
    onTestFinished(() => void child.kill('SIGKILL'));
    let stderr = '';
    child.stderr?.on('data', (text: Buffer) => (stderr += text.toString()));
    const [said] = (await Promise.race([once(child, 'message'), once(child, 'exit')])) as [{ urls: Urls }];
    if (typeof said !== 'object') throw new Error(`it did not start: ${stderr}`);
    this.#urls = said.urls;
  }

  /** @param awayS seconds until it is started again */
  async kill(awayS: number): Promise<void> {
    const child = this.#child;
    child?.kill('SIGKILL');
    if (child !== undefined) await once(child, 'exit');
    this.#nowMs += awayS * 1000;
  }

  /** Lets time pass while the service is called. */
  async pass(seconds: number, { slower = 1, perS = CALLS_PER_S }: Traffic = {}): Promise<void> {
    for (let passed = 0; passed < seconds; passed += FLUSH_S) {
      const spans = Array.from({ length: FLUSH_S * perS }, () => {
        const durationMs = 40 * slower * Math.exp(this.#random() + this.#random() - 1);
        return testSpan({
          startMs: Math.round(this.#nowMs + this.#random() * FLUSH_S * 1000 - durationMs),
          durationMs,
        });
      });
      this.#child?.send(FLUSH_S);
      const [{ nowMs }] = (await once(this.#child as ChildProcess, 'message')) as [{ nowMs: number }];
      this.#nowMs = nowMs;
      if (spans.length > 0) expect((await post(`${this.#urls.otlpHttp}/v1/traces`, bodyOf(spans))).status).toBe(200);
    }
  }

  /** Own metrics whose value is not 0, by name and attributes. */
  async metrics(): Promise<Record<string, number>> {
    const text = (await send(this.#urls.metrics)).body.toString();
    const lines = text.matchAll(/^evenkeel_baseline_(\S+) (\S+)$/gm);
    return Object.fromEntries(
      [...lines].map(([, name, value]) => [name, Number(value)]).filter(([, value]) => value !== 0),
    );
  }
}

const LEARNED = 'operations{state="learned"}';
const OPEN = 'open_violations{severity="critical"}';
const RAISED = 'violations_total{kind="latency",severity="critical"}';
const STOPPED = 'violations_total{kind="throughput",severity="emergency"}';

test('goes on learning where it was when it was killed', async () => {
  const scene = new Scene();
  await scene.start();
  await scene.pass(480);
  const before = await scene.metrics();
  expect(before[LEARNED]).toBeUndefined();
  expect(before['saved_states_total']).toBeGreaterThan(0);
  await scene.kill(3600);
  await scene.start();
  // A baseline takes ten minutes; what was written last is five minutes old at most.
  await scene.pass(480);
  const after = await scene.metrics();
  expect(after[LEARNED]).toBe(1);
  expect(Object.keys(after).filter((name) => name.startsWith('violations'))).toEqual([]);
}, 60_000);

test('knows what it had learned, says nothing twice that it had said, and takes no time between for a stop', async () => {
  const hook = await hookServer();
  const told = (): unknown[] =>
    hook.posted.map(({ body }) => {
      const { occasion, severity } = JSON.parse(body) as Record<string, unknown>;
      return `${occasion} ${severity}`;
    });
  const channels = { log: false, hook: { type: 'webhook', url: hook.url, min_severity: 'info' } };
  const scene = new Scene({ alert: { channels } });
  const violations = async (): Promise<string[]> => {
    return Object.keys(await scene.metrics()).filter((name) => name.includes('violations'));
  };
  await scene.start();
  await scene.pass(630);
  await eventually('the baseline to be written', async () => ((await scene.metrics())['saved_states_total'] ?? 0) > 2);
  await scene.kill(3600);
  await scene.start();
  await scene.pass(60);
  expect(await scene.metrics()).toMatchObject({ [LEARNED]: 1 });
  expect(await violations()).toEqual([]);
  // A violation begins, and is written as it is said.
  await scene.pass(40, { slower: 8 });
  expect(await scene.metrics()).toMatchObject({ [OPEN]: 1, [RAISED]: 1 });
  await eventually('somebody to be told', () => hook.posted.length > 0);
  // What was answered is written as well: of a kill before that, somebody would be told again rather than not at all.
  await scene.pass(10, { slower: 8 });
  await scene.kill(30);
  await scene.start();
  await scene.pass(60, { slower: 8 });
  expect(await violations()).toEqual([OPEN]);
  expect(told()).toEqual(['firing critical']);
  // It is over while nobody watches.
  await scene.kill(30);
  await scene.start();
  await scene.pass(60);
  expect(await violations()).toEqual([]);
  await eventually('its end to be told', () => hook.posted.length > 1);
  expect(told()).toEqual(['firing critical', 'resolved critical']);
  // Calls have stopped while nobody watches.
  await scene.kill(30);
  await scene.start();
  await scene.pass(80, { perS: 0 });
  expect(await scene.metrics()).toMatchObject({ 'open_violations{severity="emergency"}': 1, [STOPPED]: 1 });
}, 60_000);

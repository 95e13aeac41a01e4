// The API over an alert stage on a manual clock, without the rest of a sidecar.
import { onTestFinished } from 'vitest';
import { StageAlerts } from '../../collector/src/alert/view.ts';
import type { BooksAnswer } from '../../collector/src/web/api.ts';
import { webConfig } from '../../collector/src/web/config.ts';
import { WebServer, type WebViews } from '../../collector/src/web/server.ts';
import type { ManualClock } from './clock.ts';
import { type AlertRig, alertRig } from './alert-rig.ts';
import { send } from './http.ts';
import { QUIET_METRICS } from './metric-views.ts';
import { QUIET_SAMPLING } from './sampler.ts';
import { testHost } from './surroundings.ts';
import { temporaryFolder } from './temporary-folder.ts';

export type Asked = readonly [status: number, body: unknown];

export interface ServedPage {
  readonly url: string;
  /** Of the page alone. */
  readonly pageClock: ManualClock;
  /** Asks or changes something under /api; a text is sent as it is. */
  ask(method: string, path: string, body?: object | string, headers?: Record<string, string>): Promise<Asked>;
}

export interface AlertPage extends AlertRig, ServedPage {}

/** @param config the block of `alert` */
export async function alertPage(config: object = {}, web: object = {}): Promise<AlertPage> {
  const rig = await alertRig(config);
  const alerts = new StageAlerts(rig.stage, () => rig.clock.nowMs());
  return { ...rig, ...(await serve({ alerts }, web)) };
}

/** Serves nothing but what it is given. */
export async function serve(views: Partial<WebViews>, web: object = {}): Promise<ServedPage> {
  const all: WebViews = {
    operations: undefined,
    traces: undefined,
    books: () => ({}) as BooksAnswer,
    ...QUIET_METRICS,
    sampling: () => QUIET_SAMPLING,
    pin: () => true,
    why: () => Promise.reject(new Error('nothing is sampled here')),
    health: () => ({ status: 'ok', version: '1.2.3' }),
    ...views,
  };
  const host = testHost();
  const server = new WebServer(webConfig.parse({ port: 0, ...web }), host, all, temporaryFolder());
  await server.start();
  onTestFinished(() => server.stop());
  return {
    url: server.url,
    pageClock: host.clock,
    async ask(method, path, body, headers = {}) {
      const text = typeof body === 'object' ? JSON.stringify(body) : body;
      const answer = await send(`${server.url}/api/${path}`, {
        method,
        headers,
        ...(text === undefined ? {} : { body: text }),
      });
      return [answer.status, JSON.parse(answer.body.toString())];
    },
  };
}

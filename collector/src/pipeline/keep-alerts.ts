// Alerts go on after a restart where they were. Started before them and after the store.
import type { AlertStage } from '../alert/stage.ts';
import type { StateStore } from '../store/contract.ts';
import type { Host, Stage } from './contract.ts';

const ROOM = 'alert';
const KEY = 'alerts';

/** @param state is where they are kept */
export function keepAlerts(alert: AlertStage, state: StateStore, host: Host): Stage<never> {
  alert.save = async (snapshot) => {
    const body = new Uint8Array(Buffer.from(JSON.stringify(snapshot())));
    await state.save(ROOM, [{ key: KEY, body }]);
  };
  return {
    async start() {
      const json = await read(state, host);
      if (json !== undefined) await alert.restore(json);
    },
    async consume() {},
  };
}

/** @returns undefined where there is nothing */
async function read(state: StateStore, host: Host): Promise<unknown> {
  try {
    for await (const page of state.load(ROOM))
      for (const { key, body } of page) if (key === KEY) return JSON.parse(Buffer.from(body ?? []).toString());
  } catch (error) {
    host.log('error', 'UNREAD', `what was kept of alerts cannot be read; what goes on is told again: ${String(error)}`);
  }
  return undefined;
}

// An outlet that can be closed, and opened again where the program goes on after all.
import { setMaxListeners } from 'node:events';
import type { Outlet } from '../otlp-transport.ts';

/** Requests that may wait for the three signals at a time: 30 for each, OpenTelemetry's own limit. */
const MAX_REQUESTS = 90;

/** An outlet, and whoever closes it. */
export interface ClosableOutlet extends Outlet {
  /** Nothing that was given so far is repeated any more. */
  hurry(): void;
  /** Ends what was given so far. */
  cut(): void;
  /** What is given from now on is sent as at the beginning. */
  reopen(): void;
}

/** @param onFailure is told about every body that was given up */
export function createOutlet(onFailure: (error: Error) => void): ClosableOutlet {
  let [closing, closed] = [controller(), controller()];
  return {
    get closing() {
      return closing.signal;
    },
    get closed() {
      return closed.signal;
    },
    onFailure,
    hurry: () => closing.abort(),
    cut: () => closed.abort(),
    reopen() {
      [closing, closed] = [controller(), controller()];
    },
  };
}

function controller(): AbortController {
  const made = new AbortController();
  setMaxListeners(MAX_REQUESTS, made.signal);
  return made;
}

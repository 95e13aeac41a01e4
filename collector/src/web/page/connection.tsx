// Whether the numbers are the present: a badge, a pause button, and a notice where they are not.
import type { ComponentChildren } from 'preact';
import type { LiveFeed, Phase } from './feed.ts';
import { clockTime } from './format.ts';
import { useFeed } from './hooks.ts';

const BADGES: Readonly<Record<Phase, string>> = {
  connecting: 'Connecting…',
  live: 'Live',
  stale: 'Not live',
  paused: 'Paused',
};

export function Connection({ feed }: { feed: LiveFeed }): ComponentChildren {
  const state = useFeed(feed);
  const isPaused = state.phase === 'paused';
  return (
    <div class="connection">
      <span class={`badge phase-${state.phase}`} role="status">
        {BADGES[state.phase]}
      </span>
      <button type="button" class="quiet" onClick={() => (isPaused ? feed.resume() : feed.pause())}>
        {isPaused ? 'Resume' : 'Pause'}
      </button>
    </div>
  );
}

/** Says from when the numbers are, as soon as that is not now. */
export function StaleNotice({ feed }: { feed: LiveFeed }): ComponentChildren {
  const { phase, receivedMs } = useFeed(feed);
  if (phase === 'live' || (phase === 'connecting' && receivedMs === undefined)) return null;
  const from = receivedMs === undefined ? '' : ` The numbers below are from ${clockTime(receivedMs)}.`;
  if (phase === 'paused') return <p class="notice">Paused.{from}</p>;
  return (
    <p class="notice warn">
      The connection to the sidecar is interrupted; trying again.{from} If this stays, check that the sidecar runs.
    </p>
  );
}

// Time that moves only when a test says so.
export { ManualClock } from '../../collector/src/pipeline/manual-clock.ts';

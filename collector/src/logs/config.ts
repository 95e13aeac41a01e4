// Configuration of `logs`: whether log records pass through, or follow the decision on their trace.
import { z } from 'zod';
import { derivedSize, duration, optionalDuration } from '../config/fields.ts';

const mode = z.enum(['pass', 'follow']);

const block = z.strictObject({
  mode: mode.describe(
    'pass hands log requests on as they came; follow holds records below WARN until their trace is decided, and drops those of dropped traces',
  ),
  max_held: derivedSize(
    'bytes of held records, beyond which the oldest pass undecided; a sixteenth of memory_limit, taken from the share of waiting spans',
  ),
  unseen_wait: duration(
    '6s',
    'a record whose trace has no span here yet waits so long for one, then passes; senders export logs before spans, which they flush every 5s; 0s: it passes at once',
  ),
  max_wait: optionalDuration(
    'a held record passes undecided after so long, at least the longest decision_wait; by default 5s more than that and unseen_wait together',
    { min: 1000 },
  ),
});

export const logsConfig = z.union([mode.transform((chosen) => block.parse({ mode: chosen })), block]).prefault('pass');

export type LogsConfig = z.output<typeof logsConfig>;

// What every command reads from its arguments.
import { parseArgs, type ParseArgsConfig } from 'node:util';
import type { Override } from '../config/load.ts';

/** Exit codes, documented in the manual. */
export const EXIT = { ok: 0, failed: 1, usage: 2 } as const;

/** Wrong arguments; the message says what is wrong. */
export class UsageError extends Error {}

type Options = NonNullable<ParseArgsConfig['options']>;

/** Reads options and what stands beside them. @throws UsageError where an option is unknown or lacks its value */
export function readArguments<O extends Options>(
  args: readonly string[],
  options: O,
): ReturnType<typeof parseArgs<{ options: O; allowPositionals: true }>> {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

export interface ConfigArguments {
  /** In the order in which they are merged. */
  readonly files: readonly string[];
  readonly overrides: readonly Override[];
  readonly json: boolean;
  readonly positionals: readonly string[];
}

/** Reads `--config FILE` and `--set path=value` (both repeatable) and `--json`. @throws UsageError */
export function configArguments(args: readonly string[]): ConfigArguments {
  const { values, positionals } = readArguments(args, {
    config: { type: 'string', short: 'c', multiple: true },
    set: { type: 'string', multiple: true },
    json: { type: 'boolean' },
  });
  return {
    files: values.config ?? [],
    overrides: (values.set ?? []).map(override),
    json: values.json ?? false,
    positionals,
  };
}

/** Reads what stands after `--set`. @throws UsageError */
export function override(text: string): Override {
  const equals = text.indexOf('=');
  // What was given is not repeated: it may be a secret whose path was forgotten.
  if (equals < 1) throw new UsageError('--set wants path=value, as in --set web.port=4321');
  return { path: text.slice(0, equals).split('.'), value: text.slice(equals + 1) };
}

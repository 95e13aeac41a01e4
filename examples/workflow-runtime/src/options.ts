// The runtime's command line. Every option has a default that works in a fresh clone.
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { describeProblems, RuntimeError } from './errors.ts';

// The same from src and from dist: the root of this repository, whose own dependency tree is the data.
const REPOSITORY = fileURLToPath(new URL('../../../', import.meta.url));

const optionsSchema = z.object({
  /** Port of the API on 127.0.0.1. */
  port: z.coerce.number().int().min(1).max(65_535).default(3000),
  /** OTLP/HTTP endpoint; without one, the SDK's own default holds. */
  endpoint: z.url().optional(),
  /** Folder with a package-lock.json and what it installed. */
  project: z.string().min(1).default(REPOSITORY),
  /** Mean number of requests per second that the driver sends; 0 switches it off. About 7 spans come of one. */
  rate: z.coerce.number().min(0).max(100).default(1.2),
  /** Seed of the driver's random numbers. */
  seed: z.coerce
    .number()
    .int()
    .min(0)
    .max(2 ** 32 - 1)
    .default(1),
});

export type Options = z.output<typeof optionsSchema>;

export const USAGE = `usage: workflow-runtime [--port 3000] [--endpoint URL] [--project FOLDER] [--rate 1.2] [--seed 1]`;

/** Reads command line arguments. @throws OPTIONS_INVALID with every problem */
export function readOptions(args: readonly string[]): Options {
  const flag = { type: 'string' } as const;
  const options = { port: flag, endpoint: flag, project: flag, rate: flag, seed: flag };
  let values: unknown;
  try {
    ({ values } = parseArgs({ args: [...args], options }));
  } catch (cause) {
    throw new RuntimeError('OPTIONS_INVALID', `${cause instanceof Error ? cause.message : String(cause)}\n${USAGE}`, {
      cause,
    });
  }
  const parsed = optionsSchema.safeParse(values);
  if (!parsed.success) throw new RuntimeError('OPTIONS_INVALID', `${describeProblems(parsed.error)}\n${USAGE}`);
  return parsed.data;
}

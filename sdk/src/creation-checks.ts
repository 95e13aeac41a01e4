// Refuses what something cannot be made of: options that would take a limit away, as numbers that are none, and what cannot
// be read at all. The SDK throws nothing else, and nothing later.
import { EvenkeelError } from './errors.ts';

/** What a number may be. */
export interface NumberRange {
  /** 0 unless given. */
  readonly least?: number;
  readonly most: number;
}

/**
 * Checks the numbers among the options of what is created; those that are undefined have a default.
 *
 * @param what whose options they are, for people
 * @throws OPTIONS_INVALID with all problems at once
 */
export function checkNumbers(what: string, options: object, ranges: Readonly<Record<string, NumberRange>>): void {
  const problems: string[] = [];
  try {
    for (const [name, { least = 0, most }] of Object.entries(ranges)) {
      const value = (options as Readonly<Record<string, unknown>>)[name];
      if (value === undefined || (typeof value === 'number' && value >= least && value <= most)) continue;
      problems.push(`${what}: ${name} must be a number from ${least} to ${most}`);
    }
  } catch {
    problems.push(`${what}: options cannot be read`);
  }
  if (problems.length > 0) throw new EvenkeelError('OPTIONS_INVALID', problems.join('; '));
}

/** Checks that a part can do its work, which is asked of it inside of calls of the program. @throws OPTIONS_INVALID */
export function checkPart(what: string, part: unknown, method: string): void {
  const isWhole = created(what, () => typeof (part as Readonly<Record<string, unknown>>)[method] === 'function');
  if (!isWhole) throw new EvenkeelError('OPTIONS_INVALID', `${what}: a part without ${method} is none`);
}

/** Makes something of what a program gives. @throws OPTIONS_INVALID whatever goes wrong */
export function created<Made>(what: string, make: () => Made): Made {
  try {
    return make();
  } catch (error) {
    if (error instanceof EvenkeelError) throw error;
    throw new EvenkeelError('OPTIONS_INVALID', `${what}: options cannot be read`, { cause: error });
  }
}

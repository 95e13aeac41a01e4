// Services that call each other, made at random, with one fault put into one of their operations.
import type { CauseKind } from '../../collector/src/baseline/added-time.ts';
import { called, failed, type PlainCall, type Step } from './plain-traces.ts';
import { pick, type Random } from './random.ts';

/** An operation and what it calls. */
export interface RandomOperation {
  readonly name: string;
  readonly service: string;
  readonly kind: string;
  readonly ownMs: number;
  readonly callees: readonly RandomOperation[];
  /** It begins together with the callee before it. */
  readonly isBeside: boolean;
  /** The share of calls of its caller in which it is called. */
  presence: number;
}

/** What one operation does from some moment on: so much longer, or so many times. */
export interface Fault {
  readonly kind: CauseKind;
  readonly at: RandomOperation;
  readonly addedMs: number;
  readonly times: number;
}

/** Makes an operation with up to four callees each, down to a depth; calls of another service have a client span. */
export function randomOperation(random: Random, depth: number): RandomOperation {
  let count = 0;
  const make = (service: string, kind: string, left: number): RandomOperation => {
    const name = `op${count++}`;
    const isCall = kind === 'client';
    const callees: RandomOperation[] = [];
    if (isCall && left > 0) callees.push(make(`s${count}`, 'server', left - 1));
    for (let i = isCall || left <= 0 ? 0 : 1 + pick(random, 4); i > 0; i--) {
      const choice = random();
      if (choice < 0.35) callees.push(make(service, 'client', left - 1));
      else if (choice < 0.6) callees.push(make(service, 'internal', left - 1));
      else callees.push(make(service, 'client', 0));
    }
    const ownMs = isCall && callees.length === 0 ? 3 + 20 * random() : 2 + 8 * random();
    return { name, service, kind, ownMs, callees, isBeside: random() < 0.3, presence: 1 };
  };
  return make('s0', 'server', depth);
}

export function everyOperation(root: RandomOperation): RandomOperation[] {
  return [root, ...root.callees.flatMap((each) => everyOperation(each))];
}

/** One call of it. Times vary by a factor around 1. */
export function callOf(at: RandomOperation, vary: Random, random: Random, fault?: Fault): PlainCall {
  const faultOf = (each: RandomOperation): Fault | undefined => (fault?.at === each ? fault : undefined);
  const own = faultOf(at);
  const isSlow = own?.kind === 'slow_dependency' || own?.kind === 'own_code';
  const ownMs = at.ownMs * vary() + (isSlow ? own.addedMs : 0);
  const steps: Step[] = [ownMs * 0.4, own?.kind === 'waiting' ? own.addedMs * vary() : 0];
  for (const callee of at.callees) {
    const made = (): PlainCall => callOf(callee, vary, random, fault);
    const { kind, addedMs = 0, times = 1 } = faultOf(callee) ?? {};
    const last = steps.at(-1);
    if (kind === 'retries') steps.push(failed(made()), addedMs / 2, failed(made()), addedMs / 2, made());
    else if (kind === 'errors') steps.push(failed({ ...made(), steps: [...made().steps, addedMs] }));
    else if (kind === 'repeated_calls') for (let i = 0; i < times; i++) steps.push(made());
    else if (kind === undefined && random() >= callee.presence) continue;
    else if (callee.isBeside && typeof last === 'object' && 'steps' in last) steps.splice(-1, 1, [last, made()]);
    else steps.push(made());
  }
  return called(`${at.service} ${at.name} ${at.kind}`, ...steps, ownMs * 0.6);
}

// Programs of a bench in processes of their own, so that their CPU time is not the bench's; calls go over IPC.
import { fork } from 'node:child_process';

/** What a program answers to, by name. One argument, one answer, both cloneable. */
export type Methods = Record<string, (argument: never) => unknown>;

interface Call {
  readonly id: number;
  readonly method: string;
  readonly argument: unknown;
}
interface Reply {
  readonly id: number;
  readonly answer?: unknown;
  readonly error?: string;
}

/** A running program. */
export interface Child<M extends Methods> {
  readonly pid: number;
  call<K extends keyof M & string>(method: K, argument: Parameters<M[K]>[0]): Promise<Awaited<ReturnType<M[K]>>>;
  stop(): void;
}

/** Starts a program that ends with `serve`. */
export function startChild<M extends Methods>(file: string): Child<M> {
  const child = fork(file, [], { serialization: 'advanced', execArgv: [] });
  const waiting = new Map<number, { resolve: (answer: never) => void; reject: (error: Error) => void }>();
  let lastId = 0;
  child.on('message', ({ id, answer, error }: Reply) => {
    const call = waiting.get(id);
    waiting.delete(id);
    if (error === undefined) call?.resolve(answer as never);
    else call?.reject(new Error(error));
  });
  child.once('exit', (code) => {
    for (const { reject } of waiting.values()) reject(new Error(`${file} ended with ${code}`));
  });
  return {
    pid: child.pid ?? 0,
    call: (method, argument) =>
      new Promise((resolve, reject) => {
        const id = ++lastId;
        waiting.set(id, { resolve, reject });
        child.send({ id, method, argument } satisfies Call);
      }),
    stop: () => child.disconnect(),
  };
}

/** Answers calls until the parent goes away. */
export function serve(methods: Methods): void {
  process.on('message', ({ id, method, argument }: Call) => void answer(id, method, argument));
  process.once('disconnect', () => process.exit(0));
  const answer = async (id: number, method: string, argument: unknown): Promise<void> => {
    const reply: Reply = await Promise.resolve(methods[method]?.(argument as never)).then(
      (value) => ({ id, answer: value }),
      (error: unknown) => ({ id, error: String(error) }),
    );
    process.send?.(reply);
  };
}

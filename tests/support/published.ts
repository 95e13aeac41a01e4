// Stands for a library that publishes what it does on a tracing channel.
import { tracingChannel } from 'node:diagnostics_channel';

/** Does something that takes a while and comes to `OK`, or fails. */
export async function publish(name: string, message: object, fails?: Error): Promise<void> {
  const work = async (): Promise<string> => {
    await Promise.resolve();
    if (fails) throw fails;
    return 'OK';
  };
  await tracingChannel(name)
    .tracePromise(work, message)
    .catch(() => {});
}

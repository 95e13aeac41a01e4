// Does things for many items, a few at a time.

/** As many as there are cores to give: one generates while another one is read. */
const AT_ONCE = Number(process.env['BENCH_PROCESSES'] ?? 2);

/** Answers in the order of the items. */
export async function inTurns<T, R>(items: readonly T[], task: (item: T) => Promise<R>): Promise<R[]> {
  const answers: R[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    for (;;) {
      const i = next++;
      const item = items[i];
      if (item === undefined) return;
      answers[i] = await task(item);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return answers;
}

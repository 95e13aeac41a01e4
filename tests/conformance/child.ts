// Runs the suite on the subjects of one module, in a process of its own: an instrumentation registers what is global.
// node tests/conformance/child.ts <module>; the module exports `subject()` or `ownSubjects()`.
import { pathToFileURL } from 'node:url';
import { type RowResult, runConformance, type Subject } from '../../sdk/src/conformance/suite.ts';

/** What became of one subject. */
export interface SubjectResult {
  readonly name: string;
  readonly rows: readonly RowResult[];
}

interface SubjectModule {
  subject?(): Subject | Promise<Subject>;
  ownSubjects?(): readonly Subject[];
}

/** Long enough for whatever detects a host. */
const WARM_UP_MS = 5000;

// A rival may leave a rejection to nobody; the row that caused it is judged by what the suite sees.
process.on('unhandledRejection', () => {});

const [, , file = ''] = process.argv;
const { subject, ownSubjects } = (await import(pathToFileURL(file).href)) as SubjectModule;
const subjects = ownSubjects?.() ?? [await subject?.()];
const results: SubjectResult[] = [];
for (const each of subjects) {
  if (each === undefined) continue;
  await warmUp(each);
  results.push({ name: each.name, rows: await runConformance(each) });
}
process.send?.(results, () => process.exit());

/** Some SDKs hold their first spans back until they know what their resource is; that is no fault in any row. */
async function warmUp(each: Subject): Promise<void> {
  const deadlineMs = performance.now() + WARM_UP_MS;
  do {
    each.child('warm-up');
    await new Promise((resolve) => setTimeout(resolve, 50));
  } while ((await each.takeSpans()).length !== 1 && performance.now() < deadlineMs);
}

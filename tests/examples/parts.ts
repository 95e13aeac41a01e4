// The parts of the runtime over a project, wired as the runtime does it; what is open ends with the test.
import { onTestFinished } from 'vitest';
import { AnswerMemory } from '../../examples/workflow-runtime/src/ask/answer-memory.ts';
import { Librarian } from '../../examples/workflow-runtime/src/ask/librarian.ts';
import { Questions } from '../../examples/workflow-runtime/src/ask/questions.ts';
import { Quotes } from '../../examples/workflow-runtime/src/ask/quotes.ts';
import { PackageTree } from '../../examples/workflow-runtime/src/dependencies/package-tree.ts';
import { Slowdowns } from '../../examples/workflow-runtime/src/faults/slowdowns.ts';
import { indexDependencies } from '../../examples/workflow-runtime/src/runs/index-dependencies.ts';
import { Runs } from '../../examples/workflow-runtime/src/runs/runs.ts';
import { DependencyTable } from '../../examples/workflow-runtime/src/table/dependency-table.ts';
import { ReadmeVectors } from '../../examples/workflow-runtime/src/vectors/readme-vectors.ts';

/** @param projectRoot folder with a lockfile */
export function openParts(projectRoot: string) {
  const slowdowns = new Slowdowns();
  const tree = new PackageTree(projectRoot, slowdowns);
  const table = new DependencyTable(slowdowns);
  const vectors = new ReadmeVectors(slowdowns);
  const memory = new AnswerMemory();
  const quotes = new Quotes(tree);
  const workflow = indexDependencies({ projectRoot, tree, table, vectors, memory, quotes });
  const runs = new Runs(workflow);
  const questions = new Questions({ librarian: new Librarian({ table, vectors, quotes }), vectors, memory });
  onTestFinished(async () => {
    await runs.settled();
    await table.close();
  });
  return { slowdowns, tree, table, vectors, memory, quotes, workflow, runs, questions };
}

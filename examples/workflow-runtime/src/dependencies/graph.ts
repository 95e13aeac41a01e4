// Builds the dependency graph: packages, the entry points they export, the files behind those. Pure.
import { alg, Graph } from '@dagrejs/graphlib';
import type { EntryPoint } from './exports.ts';
import { resolveDependency, type LockedPackage, type Lockfile } from './lockfile.ts';

/** What was found out about one selected package. */
export interface SurveyedPackage {
  readonly locked: LockedPackage;
  readonly installed: boolean;
  readonly license: string | undefined;
  readonly description: string | undefined;
  readonly entryPoints: readonly EntryPoint[];
  /** Files of entry points that do not exist, as `entryPoints` names them. */
  readonly missingFiles: readonly string[];
}

export type GraphNode =
  | { readonly kind: 'package'; readonly path: string }
  | { readonly kind: 'export'; readonly path: string; readonly subpath: string }
  | { readonly kind: 'file'; readonly path: string; readonly file: string; readonly found: boolean };

export type GraphEdge = 'depends' | 'exports' | 'resolves';

/** Directed; several edges between an export and a file differ by condition, which is the edge's name. */
export type DependencyGraph = Graph<Record<string, never>, GraphNode, GraphEdge>;

export interface GraphSummary {
  readonly packages: number;
  readonly exports: number;
  readonly files: number;
  readonly edges: number;
  /** Groups of packages that need each other in a circle. */
  readonly cycles: number;
}

/** Builds the graph of the surveyed packages; dependencies outside of them are left out. */
export function buildGraph(lockfile: Lockfile, surveyed: readonly SurveyedPackage[]): DependencyGraph {
  const graph: DependencyGraph = new Graph({ directed: true, multigraph: true });
  for (const { locked } of surveyed) graph.setNode(packageId(locked.path), { kind: 'package', path: locked.path });
  for (const { locked, entryPoints, missingFiles } of surveyed) {
    for (const name of locked.needs) {
      const path = resolveDependency(lockfile, locked.path, name);
      if (path !== undefined && graph.hasNode(packageId(path))) {
        graph.setEdge(packageId(locked.path), packageId(path), 'depends');
      }
    }
    for (const { subpath, condition, file } of entryPoints) {
      const exportId = `export:${locked.path}#${subpath}`;
      const fileId = `file:${locked.path}#${file}`;
      graph.setNode(exportId, { kind: 'export', path: locked.path, subpath });
      graph.setNode(fileId, { kind: 'file', path: locked.path, file, found: !missingFiles.includes(file) });
      graph.setEdge(packageId(locked.path), exportId, 'exports');
      graph.setEdge(exportId, fileId, 'resolves', condition);
    }
  }
  return graph;
}

/** Lists the dependencies between packages as pairs of paths, in the order they were added. */
export function listDependencies(graph: DependencyGraph): { from: string; to: string }[] {
  return graph
    .edges()
    .filter((edge) => graph.edge(edge) === 'depends')
    .map((edge) => ({ from: graph.node(edge.v).path, to: graph.node(edge.w).path }));
}

/** Counts what the graph holds. */
export function summariseGraph(graph: DependencyGraph): GraphSummary {
  const counts = { package: 0, export: 0, file: 0 };
  for (const id of graph.nodes()) counts[graph.node(id).kind]++;
  return {
    packages: counts.package,
    exports: counts.export,
    files: counts.file,
    edges: graph.edgeCount(),
    cycles: alg.findCycles(graph).length,
  };
}

function packageId(path: string): string {
  return `package:${path}`;
}

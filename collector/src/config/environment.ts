// `${env:NAME}` and `${env:NAME:-default}` in values of the configuration.
import { type Document, isScalar, visit } from 'yaml';
import type { Environment } from './load.ts';

const REFERENCE = /\$\{env:([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}/g;

/**
 * Replaces references in place. A plain value that was one reference as a whole is read as YAML, so that a port stays
 * a number; within quotes it stays text.
 *
 * @param report called for each variable that is not set and has no default
 */
export function substitute(
  document: Document,
  environment: Environment,
  report: (path: PropertyKey[], message: string) => void,
): void {
  visit(document, {
    Scalar(key, node, ancestors) {
      if (key === 'key' || typeof node.value !== 'string' || !node.value.includes('${env:')) return;
      const text = node.value.replace(REFERENCE, (_, name: string, fallback: string | undefined) => {
        const value = environment[name] ?? fallback;
        if (value === undefined) report(pathOf([...ancestors, node]), `environment variable ${name} is not set`);
        return value ?? '';
      });
      node.value = node.type === 'PLAIN' ? plain(text) : text;
    },
  });
}

function plain(text: string): unknown {
  if (/^-?\d+(\.\d+)?$/.test(text)) return Number(text);
  return text === 'true' ? true : text === 'false' ? false : text;
}

/** Keys and indexes from the root to a node. */
function pathOf(nodes: readonly unknown[]): PropertyKey[] {
  const path: PropertyKey[] = [];
  nodes.forEach((node, i) => {
    const parent = nodes[i - 1] as { items?: readonly unknown[] } | undefined;
    if (typeof node === 'object' && node !== null && 'key' in node && isScalar(node.key))
      path.push(String(node.key.value));
    else if (parent?.items !== undefined && !('key' in (node as object))) path.push(parent.items.indexOf(node));
  });
  return path;
}

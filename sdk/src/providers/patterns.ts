// Names with wildcards, as the configuration model has them: `*` stands for any text, `?` for one character.
import type { ConfiguratorNode, PatternsNode } from '../config/model.ts';

/** Source of a regular expression for the whole of a text. */
export function patternSource(glob: string): string {
  return glob
    .replace(/[\\^$+.()|[\]{}]/g, '\\$&')
    .replace(/\*+/g, '.*')
    .replaceAll('?', '.');
}

/** Makes the question whether a text is one of what is included and none of what is excluded; everything unless said. */
export function isChosenBy(node: PatternsNode | null | undefined): (text: string) => boolean {
  const pattern = chosenPattern(node);
  return (text) => pattern.test(text);
}

/** The same as one regular expression. */
export function chosenPattern(node: PatternsNode | null | undefined): RegExp {
  const { included, excluded } = node ?? {};
  const oneOf = (globs: readonly string[]): string => `(?:${globs.map(patternSource).join('|')})$`;
  const unwanted = excluded?.length ? `(?!${oneOf(excluded)})` : '';
  return new RegExp(`^${unwanted}${oneOf(included ?? ['*'])}`, 's');
}

/** Makes the question what is set for a scope: the first entry whose name fits, else the default. */
export function configFor<Key extends string, Config>(
  node: ConfiguratorNode<Key, Config> | null | undefined,
  key: Key,
): (scope: string) => { readonly [Name in keyof Config]?: Config[Name] | null } {
  const entries = (node?.[key] ?? []) as readonly {
    name: string;
    config: { [Name in keyof Config]?: Config[Name] | null };
  }[];
  const named = entries.map(({ name, config }) => ({ fits: isChosenBy({ included: [name] }), config }));
  return (scope) => named.find(({ fits }) => fits(scope))?.config ?? node?.default_config ?? {};
}

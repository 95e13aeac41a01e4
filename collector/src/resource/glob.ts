// Names with `*` in them, as configuration has them. Matching takes time linear in the text for each `*`.

/** Prepares a test of whole names; `*` stands for any text, also none. */
export function globMatcher(glob: string): (name: string) => boolean {
  const [first = '', ...rest] = glob.split('*');
  const last = rest.pop();
  if (last === undefined) return (name) => name === glob;
  return (name) => {
    if (!name.startsWith(first) || !name.endsWith(last)) return false;
    let at = first.length;
    for (const part of rest) {
      const found = name.indexOf(part, at);
      if (found < 0) return false;
      at = found + part.length;
    }
    return name.length - last.length >= at;
  };
}

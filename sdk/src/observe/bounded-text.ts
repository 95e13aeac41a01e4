// Content that a program asked to have recorded, as text of bounded length.

/** Of one attribute with content. */
const MAX_CONTENT_LENGTH = 16_384;
/** Of one text within it, so that a long document does not push out what comes after it. */
const MAX_TEXT_LENGTH = 4096;

/** Cuts text, with a sign where something is missing. */
export function bounded(text: string, maxLength: number = MAX_TEXT_LENGTH): string {
  return text.length <= maxLength ? text : `${text.slice(0, maxLength - 1)}…`;
}

/** Writes a value as JSON; what is too long is no longer JSON. @returns undefined where it cannot be written */
export function contentText(value: unknown): string | undefined {
  const text = JSON.stringify(value, (_key, entry: unknown) => {
    if (typeof entry === 'bigint') return String(entry);
    return typeof entry === 'string' ? bounded(entry) : entry;
  }) as string | undefined;
  return text === undefined ? undefined : bounded(text, MAX_CONTENT_LENGTH);
}

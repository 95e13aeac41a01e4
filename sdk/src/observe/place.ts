// Where in a program a function was wrapped, read once from a stack.

/** A frame at the end of a line of a stack: a path or a URL, line, column. */
const FRAME = /(?:\(|at )(?:async )?((?:file:\/\/|\/|[A-Za-z]:\\)[^()]*?):(\d+):\d+\)?$/;

/** The first place on the stack that is not of this package. */
export function placeOfCaller(): { readonly file: string; readonly line: number } | undefined {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 20;
  const { stack } = new Error('place');
  Error.stackTraceLimit = limit;
  const frames = (stack ?? '').split('\n').flatMap((line) => {
    const [, file, number] = FRAME.exec(line) ?? [];
    return file === undefined ? [] : [{ file, line: Number(number) }];
  });
  // The first frame is this file, two folders below the root of the package.
  const root = frames[0]?.file.replace(/[^\\/]+[\\/][^\\/]+$/, '') ?? '';
  const place = frames.find(({ file }) => !file.startsWith(root));
  if (place?.file.startsWith('file://') !== true) return place;
  return { file: decodeURIComponent(new URL(place.file).pathname), line: place.line };
}

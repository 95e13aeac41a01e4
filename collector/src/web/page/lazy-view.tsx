// A view whose script is fetched when it is wanted, so that opening the page does not wait for what is not looked at.
import type { ComponentChildren, FunctionComponent } from 'preact';
import { useEffect, useState } from 'preact/hooks';

/** A view that may not be here yet. */
export interface LazyView<Props> {
  (props: Props): ComponentChildren;
  /** Fetches it ahead; a failure shows only where the view is wanted. */
  preload(): void;
}

/**
 * Makes a view of a script.
 *
 * @param load fetches it; not asked again once it is here
 * @param Meanwhile stands in its place until then, with `missing` said in it where it does not come
 */
export function lazyView<Props extends object>(
  load: () => Promise<FunctionComponent<Props>>,
  Meanwhile: FunctionComponent<Props & { missing: ComponentChildren }>,
): LazyView<Props> {
  let Here: FunctionComponent<Props> | undefined;
  const fetched = async (): Promise<void> => void (Here ??= await load());
  function View(props: Props): ComponentChildren {
    const [isMissing, setMissing] = useState(false);
    // Setting it draws anew also where it changes nothing but what is here.
    const [, setAsked] = useState(0);
    const drawAnew = (): void => setAsked((asked) => asked + 1);
    const [isLate] = useState(Here === undefined);
    useEffect(() => {
      // What was fetched ahead may have come after the drawing and before this, and then nobody else draws it.
      if (isLate) fetched().then(drawAnew, () => setMissing(true));
    }, []);
    if (Here !== undefined) return <Here {...props} />;
    const tryAgain = (): Promise<void> => fetched().then(drawAnew, reloadWhereAnswered);
    return <Meanwhile {...props} missing={isMissing ? <Missing onRetry={tryAgain} /> : undefined} />;
  }
  return Object.assign(View, { preload: () => void fetched().catch(() => {}) });
}

function Missing({ onRetry }: { onRetry: () => Promise<void> }): ComponentChildren {
  const [isTrying, setTrying] = useState(false);
  return (
    <div class="notice warn" role="alert">
      <p>
        This part of the page could not be fetched: the sidecar does not answer, or has become another version since the
        page was opened.
      </p>
      <button
        type="button"
        disabled={isTrying}
        onClick={() => {
          setTrying(true);
          void onRetry().finally(() => setTrying(false));
        }}
      >
        {isTrying ? 'Trying…' : 'Try again'}
      </button>
    </div>
  );
}

/** Where the sidecar answers, its page has other scripts by now, or asks to sign in; without it, what is shown is worth keeping. */
async function reloadWhereAnswered(): Promise<void> {
  try {
    await fetch('./');
    location.reload();
  } catch {
    // Still not there: the notice stays.
  }
}

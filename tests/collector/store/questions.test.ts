import { describe, expect, it } from 'vitest';
import type { StoreRequest } from '../../../collector/src/store/contract.ts';
import { Questions } from '../../../collector/src/store/questions.ts';

interface Rig {
  readonly questions: Questions;
  /** What is on its way to the thread, as `short` or the trace asked for. */
  readonly posted: string[];
  /** Answers the oldest long question. */
  answerLong(): void;
}

const ALWAYS = (): boolean => true;
const outcome = (asked: Promise<unknown>): Promise<unknown> => asked.catch((error: Error) => error.message);

function rig(): Rig {
  const posted: string[] = [];
  const long: number[] = [];
  const questions = new Questions((request: StoreRequest) => {
    if (request.kind === 'long') long.push(request.id);
    if (request.kind === 'long') posted.push(request.question.kind === 'get' ? request.question.traceId : 'list');
    else posted.push(request.kind);
    return true;
  });
  return {
    questions,
    posted,
    answerLong: () => questions.hear({ kind: 'answer', id: long.shift() ?? 0, value: 'whole' }),
  };
}

const get = (traceId: string): { kind: 'get'; traceId: string } => ({ kind: 'get', traceId });

describe('questions to the thread', () => {
  it('are sent one long one at a time, and short ones at once', async () => {
    const { questions, posted, answerLong } = rig();
    const first = questions.askLong(get('a'), ALWAYS);
    const second = questions.askLong(get('b'), ALWAYS);
    void outcome(questions.askShort({ kind: 'kept_by', traceId: 'c' }));
    expect(posted).toEqual(['a', 'short']);
    answerLong();
    expect(await first).toBe('whole');
    expect(posted).toEqual(['a', 'short', 'b']);
    answerLong();
    expect(await second).toBe('whole');
  });

  it('are not sent where nobody waits any more', async () => {
    const { questions, posted, answerLong } = rig();
    void outcome(questions.askLong(get('a'), ALWAYS));
    let isWanted = true;
    const gone = outcome(questions.askLong(get('b'), () => isWanted));
    void outcome(questions.askLong(get('c'), ALWAYS));
    isWanted = false;
    answerLong();
    expect(posted).toEqual(['a', 'c']);
    expect(await gone).toContain('nobody waits');
  });

  it('are limited by kind, so that many long ones leave room for short ones', async () => {
    const { questions } = rig();
    for (let i = 0; i < 64; i++) void outcome(questions.askLong(get(`${i}`), ALWAYS));
    expect(await outcome(questions.askLong(get('one more'), ALWAYS))).toBe('the store is busy');
    const short = Array.from({ length: 65 }, () => outcome(questions.askShort({ kind: 'kept_by', traceId: 'c' })));
    expect(await short.at(-1)).toBe('the store is busy');
    questions.fail('over');
    expect([await short[0], await short[63]]).toEqual(['over', 'over']);
  });

  it('fail all together, sent or not', async () => {
    const { questions, posted } = rig();
    const asked = ['a', 'b', 'c'].map((id) => outcome(questions.askLong(get(id), ALWAYS)));
    questions.fail('the store is closed');
    expect(await Promise.all(asked)).toEqual(Array.from(asked, () => 'the store is closed'));
    expect(posted).toEqual(['a']);
  });
});

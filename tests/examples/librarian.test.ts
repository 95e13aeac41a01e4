import { trace } from '@opentelemetry/api';
import { expect, test } from 'vitest';
import { KNOWN_ANSWERS, judge } from '../../examples/workflow-runtime/src/ask/known-answers.ts';
import { openParts } from './parts.ts';
import { writeOddProject } from './project.ts';
import { recordSpans } from './recorded-spans.ts';

const spans = recordSpans();

async function indexed() {
  const parts = openParts(writeOddProject());
  await parts.workflow({ packageName: undefined });
  spans.reset();
  const stepsOf = async (question: string) => {
    spans.reset();
    const answer = await parts.questions.answer(question);
    return { answer, steps: spans.all().flatMap(({ attributes }) => attributes['gen_ai.step.name'] ?? []) };
  };
  return { ...parts, stepsOf };
}

test('decides from step to step what to do', async () => {
  const { stepsOf } = await indexed();
  const check = async (question: string, steps: string[], found: string[], quote: string | undefined) => {
    const { answer, steps: taken } = await stepsOf(question);
    expect([taken, answer.nearest.map(({ name }) => name), answer.quote]).toEqual([steps, found, quote]);
  };
  const aboutBoat = 'A boat floats on water and carries sailors across the sea.';
  await check('what is boat for: floats or sinks?', ['find-named', 'quote-best'], ['boat'], aboutBoat);
  await check('what floats on water', ['search-readmes', 'quote-best'], ['boat'], aboutBoat);
  await check('what is water', ['find-named', 'search-readmes', 'quote-best'], ['boat'], aboutBoat);
  await check('quantum chromodynamics', ['search-readmes'], [], undefined);
});

test('answers without a quote when the README cannot be read', async () => {
  const { stepsOf } = await indexed();
  const { answer } = await stepsOf('what is anchor');
  expect(answer.nearest.map(({ name }) => name)).toEqual(['anchor']);
  expect(answer).not.toHaveProperty('quote');
});

test('is an agent whose workflow, tool and search are its children', async () => {
  const { stepsOf } = await indexed();
  await stepsOf('what floats on water');
  const named = (id: string | undefined) => spans.all().find((span) => span.spanContext().spanId === id)?.name;
  const parents = Object.fromEntries(
    spans.all().map(({ name, parentSpanContext }) => [name, named(parentSpanContext?.spanId)]),
  );
  expect(parents).toMatchObject({
    'invoke_agent librarian': 'question.answer',
    'invoke_workflow answer-question': 'invoke_agent librarian',
    'run_step search-readmes': 'invoke_workflow answer-question',
    'retrieval readmes': 'run_step search-readmes',
    'execute_tool quote-readme': 'run_step quote-best',
    'initialize_tool quote-readme': 'execute_tool quote-readme',
  });
});

test('judges answers to questions whose answer is known, and no others', () => {
  const judged = (question: string, found: string[]) => {
    spans.reset();
    trace.getTracer('test').startActiveSpan('asking', (span) => {
      judge(question, found);
      span.end();
    });
    const [event] = spans.named('asking')[0].events;
    return event?.attributes?.['gen_ai.evaluation.score.value'];
  };
  const [question, right] = [...KNOWN_ANSWERS][0];
  expect(judged(question, [right, 'other'])).toBe(1);
  expect(judged(question, ['other', 'another', right])).toBeCloseTo(1 / 3);
  expect(judged(question, ['other'])).toBe(0);
  expect(judged('what do people wonder about', [right])).toBeUndefined();
});

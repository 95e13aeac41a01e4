// The instruments for models, agents, tools and queries under legacy decorator rules.
import { beforeEach, describe, expect, it } from 'vitest';
import {
  traceAgent,
  traceLLM,
  traceMemoryOperation,
  traceNode,
  traceQuery,
  traceRetrieval,
  traceTool,
  traceTransaction,
  traceWorkflow,
} from '../../../sdk/src/index.ts';
import { recordSpans } from '../../support/spans.ts';

const spans = recordSpans();

class Desk {
  readonly name = 'desk';

  @traceWorkflow('support')
  async run(question: string): Promise<string> {
    this.load();
    return this.ask(question);
  }

  @traceNode({ name: 'load', type: 'io' })
  load(): string {
    return this.name;
  }

  @traceAgent({ name: 'desk', session: ([question]: [string]) => question })
  async ask(question: string): Promise<string> {
    this.search(question);
    this.find(question);
    this.remember(question);
    this.save(question);
    return this.answer({ model: 'down' });
  }

  @traceTool('search')
  search(question: string): string {
    return question;
  }

  @traceRetrieval('docs')
  find(question: string): string[] {
    return [question];
  }

  @traceMemoryOperation({ operation: 'get', store: 'answers' })
  remember(question: string): string {
    return question;
  }

  @traceTransaction({ system: 'sqlite', namespace: 'shop' })
  save(question: string): string {
    return this.query('INSERT INTO questions VALUES (1)', question);
  }

  @traceQuery({ system: 'sqlite', text: ([sql]: [string, string]) => sql })
  query(_sql: string, question: string): string {
    return question;
  }

  @traceLLM({ provider: 'p', fallbacks: ['good'], cost: false })
  async answer({ model }: { model: string }): Promise<string> {
    if (model === 'down') throw new Error('down');
    return `${this.name}: ${model}`;
  }
}

beforeEach(() => {
  spans.take();
});

describe('legacy decorators of the vocabulary', () => {
  it('trace each call, with the instance as this', async () => {
    await expect(new Desk().run('why')).resolves.toBe('desk: good');
    expect(spans.take().map((span) => span.name)).toEqual([
      'run_step load',
      'execute_tool search',
      'retrieval docs',
      'get_memory',
      'INSERT questions',
      'transaction shop',
      'chat down',
      'chat good',
      'fallback down',
      'invoke_agent desk',
      'invoke_workflow support',
    ]);
  });
});

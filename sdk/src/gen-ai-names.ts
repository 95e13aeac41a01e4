// The part of the table of names that is of models, agents, tools, memory and workflows, since it is the longest.
// To be used through names.ts alone.
import type { MetricDefinition } from './metric-definition.ts';

/** Attribute keys by their role. @see GenAI conventions, in development; what is of `evenkeel.` no convention knows */
export const GEN_AI_ATTRIBUTE = {
  genAiOperation: 'gen_ai.operation.name',
  genAiWorkflow: 'gen_ai.workflow.name',
  genAiStep: 'gen_ai.step.name',
  genAiMemoryStore: 'gen_ai.memory.store.id',
  /** No convention knows the kind of a step, nor a measured operation, so these keys are ours. */
  nodeType: 'evenkeel.node.type',
  genAiProvider: 'gen_ai.provider.name',
  genAiConversation: 'gen_ai.conversation.id',
  genAiAgentName: 'gen_ai.agent.name',
  genAiAgentId: 'gen_ai.agent.id',
  genAiAgentVersion: 'gen_ai.agent.version',
  genAiAgentDescription: 'gen_ai.agent.description',
  genAiToolName: 'gen_ai.tool.name',
  genAiToolType: 'gen_ai.tool.type',
  genAiToolDescription: 'gen_ai.tool.description',
  genAiToolCallId: 'gen_ai.tool.call.id',
  genAiToolArguments: 'gen_ai.tool.call.arguments',
  genAiToolResult: 'gen_ai.tool.call.result',
  genAiDataSource: 'gen_ai.data_source.id',
  genAiRetrievalQuery: 'gen_ai.retrieval.query.text',
  genAiMemoryQuery: 'gen_ai.memory.query.text',
  genAiMemoryRecordId: 'gen_ai.memory.record.id',
  genAiMemoryRecordCount: 'gen_ai.memory.record.count',
  genAiRequestModel: 'gen_ai.request.model',
  genAiRequestTemperature: 'gen_ai.request.temperature',
  genAiRequestMaxTokens: 'gen_ai.request.max_tokens',
  genAiRequestTopP: 'gen_ai.request.top_p',
  genAiRequestTopK: 'gen_ai.request.top_k',
  genAiRequestFrequencyPenalty: 'gen_ai.request.frequency_penalty',
  genAiRequestPresencePenalty: 'gen_ai.request.presence_penalty',
  genAiRequestSeed: 'gen_ai.request.seed',
  genAiRequestChoices: 'gen_ai.request.choice.count',
  genAiRequestStop: 'gen_ai.request.stop_sequences',
  genAiRequestStream: 'gen_ai.request.stream',
  genAiResponseId: 'gen_ai.response.id',
  genAiResponseModel: 'gen_ai.response.model',
  genAiFinishReasons: 'gen_ai.response.finish_reasons',
  genAiTimeToFirstChunk: 'gen_ai.response.time_to_first_chunk',
  genAiInputTokens: 'gen_ai.usage.input_tokens',
  genAiOutputTokens: 'gen_ai.usage.output_tokens',
  genAiCacheReadTokens: 'gen_ai.usage.cache_read.input_tokens',
  genAiCacheWriteTokens: 'gen_ai.usage.cache_creation.input_tokens',
  genAiReasoningTokens: 'gen_ai.usage.reasoning.output_tokens',
  /** Of cost there is a draft. @see semantic-conventions-genai#443 */
  genAiCostAmount: 'gen_ai.usage.cost.amount',
  genAiCostCurrency: 'gen_ai.usage.cost.currency',
  genAiCostSource: 'gen_ai.usage.cost.source',
  genAiTokenType: 'gen_ai.token.type',
  genAiTokenCache: 'gen_ai.token.cache',
  genAiTokenPhase: 'gen_ai.token.phase',
  genAiInputMessages: 'gen_ai.input.messages',
  genAiOutputMessages: 'gen_ai.output.messages',
  genAiEvaluationName: 'gen_ai.evaluation.name',
  genAiEvaluationScore: 'gen_ai.evaluation.score.value',
  genAiEvaluationLabel: 'gen_ai.evaluation.score.label',
  genAiEvaluationExplanation: 'gen_ai.evaluation.explanation',
  /** Calls of a tool that ran when this one began, itself among them. */
  toolConcurrency: 'evenkeel.tool.concurrency',
  /** Whether memory held what was asked for, and about how many bytes went in or came out. */
  memoryHit: 'evenkeel.memory.hit',
  memorySize: 'evenkeel.memory.size',
  retrievalResults: 'evenkeel.retrieval.result.count',
  /** Of a call of a model with others to fall back on: which answered, and the how manieth it was. */
  fallbackModel: 'evenkeel.fallback.model',
  fallbackTries: 'evenkeel.fallback.tries',
} as const;

/** Bounds of durations where the reader takes no exponential histogram. @see GenAI conventions */
const SECONDS = [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92];

/** Metrics by their role. */
export const GEN_AI_METRIC = {
  workflowDuration: {
    kind: 'histogram',
    name: 'gen_ai.workflow.duration',
    unit: 's',
    description: 'Durations of runs of workflows.',
    bounds: SECONDS,
  },
  nodeDuration: {
    kind: 'histogram',
    name: 'gen_ai.run_step.duration',
    unit: 's',
    description: 'Durations of steps of workflows.',
    bounds: SECONDS,
  },
  agentDuration: {
    kind: 'histogram',
    name: 'gen_ai.invoke_agent.duration',
    unit: 's',
    description: 'Durations of invocations of agents.',
    bounds: SECONDS,
  },
  toolDuration: {
    kind: 'histogram',
    name: 'gen_ai.execute_tool.duration',
    unit: 's',
    description: 'Durations of calls of tools.',
    bounds: SECONDS,
  },
  // How tools begin and end, and how many run, no convention knows.
  toolInitialization: {
    kind: 'histogram',
    name: 'gen_ai.tool.initialization.duration',
    unit: 's',
    description: 'Time that tools took to become ready.',
    bounds: SECONDS,
  },
  toolCleanup: {
    kind: 'histogram',
    name: 'gen_ai.tool.cleanup.duration',
    unit: 's',
    description: 'Time that tools took to clean up.',
    bounds: SECONDS,
  },
  toolRunning: {
    kind: 'up-down-counter',
    name: 'gen_ai.tool.running',
    unit: '{call}',
    description: 'Calls of tools that are running.',
  },
  // Not gen_ai.client.operation.duration, which would count them among calls of models.
  retrievalDuration: {
    kind: 'histogram',
    name: 'evenkeel.retrieval.duration',
    unit: 's',
    description: 'Durations of searches in data sources.',
    bounds: SECONDS,
  },
  memoryDuration: {
    kind: 'histogram',
    name: 'evenkeel.memory.operation.duration',
    unit: 's',
    description: 'Durations of operations on memory stores.',
    bounds: SECONDS,
  },
  llmDuration: {
    kind: 'histogram',
    name: 'gen_ai.client.operation.duration',
    unit: 's',
    description: 'GenAI operation duration.',
    bounds: SECONDS,
  },
  llmTokens: {
    kind: 'histogram',
    name: 'gen_ai.client.token.usage',
    unit: '{token}',
    description: 'Number of input and output tokens used.',
    bounds: [1, 4, 16, 64, 256, 1024, 4096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304, 16_777_216, 67_108_864],
  },
  llmCachedTokens: {
    kind: 'counter',
    name: 'gen_ai.client.inference.input_tokens_by_cache',
    unit: '{token}',
    description: 'Input tokens by whether they were read from or written to the cache of the provider.',
  },
  llmPhaseTokens: {
    kind: 'counter',
    name: 'gen_ai.client.inference.output_tokens_by_phase',
    unit: '{token}',
    description: 'Output tokens by whether they were reasoning or the response.',
  },
  llmFirstChunk: {
    kind: 'histogram',
    name: 'gen_ai.client.operation.time_to_first_chunk',
    unit: 's',
    description: 'Time to receive the first chunk of a stream.',
    bounds: SECONDS,
  },
  llmOutputChunk: {
    kind: 'histogram',
    name: 'gen_ai.client.operation.time_per_output_chunk',
    unit: 's',
    description: 'Time between chunks of a stream, after the first one.',
    bounds: SECONDS,
  },
  llmCost: {
    kind: 'histogram',
    name: 'gen_ai.client.cost',
    unit: '{USD}',
    description: 'Cost of calls of models.',
    bounds: [0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 50, 100],
  },
  llmFallbacks: {
    kind: 'counter',
    name: 'gen_ai.client.fallbacks',
    unit: '{call}',
    description: 'Calls answered by another model than the one asked for.',
  },
  evaluationScore: {
    kind: 'histogram',
    name: 'gen_ai.evaluation.score',
    unit: '1',
    description: 'Scores of answers of models.',
    bounds: [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1, 2, 3, 4, 5, 10, 100],
  },
} as const satisfies Readonly<Record<string, MetricDefinition>>;

/** Values of `gen_ai.operation.name` by what is called. How tools begin and end, and fallbacks, are ours. */
export const GEN_AI_OPERATION = {
  workflow: 'invoke_workflow',
  node: 'run_step',
  agent: 'invoke_agent',
  tool: 'execute_tool',
  toolInitialization: 'initialize_tool',
  toolCleanup: 'clean_up_tool',
  retrieval: 'retrieval',
  fallback: 'fallback',
} as const;

/**
 * Values of `gen_ai.operation.name` by the short word a program uses.
 *
 * `get_memory` is ours: the conventions name only the search, and a look-up by key is another operation with
 * another cost, so it deserves its own series.
 */
export const MEMORY_OPERATION = {
  get: 'get_memory',
  put: 'upsert_memory',
  search: 'search_memory',
  create: 'create_memory',
  update: 'update_memory',
  delete: 'delete_memory',
} as const;

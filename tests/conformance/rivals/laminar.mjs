// Laminar: `observeDecorator`, applied to a method as standard decorators are, because its function `observe` hands no
// `this` on. Inputs and outputs are not recorded, which passes more rows than with them.
import { Laminar, LaminarSpanProcessor, observeDecorator } from '@lmnr-ai/lmnr';
import { InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { register } from './provider.mjs';
import { watching } from './spans.mjs';

export function subject(processor) {
  const exporter = new InMemorySpanExporter();
  // It keeps its provider to itself, so what is compared with it gets one beside it.
  if (processor !== undefined) register(processor);
  Laminar.initialize({
    projectApiKey: 'unused',
    baseUrl: 'http://127.0.0.1',
    httpPort: 9,
    grpcPort: 9,
    spanProcessor: new LaminarSpanProcessor({ spanProcessor: processor ?? new SimpleSpanProcessor(exporter) }),
  });
  return {
    ...watching(exporter),
    name: 'Laminar observeDecorator',
    wrap: (name, fn) =>
      observeDecorator({ name, ignoreInput: true, ignoreOutput: true })(fn, { kind: 'method', name: fn.name }),
    // So spans by hand are made its own way.
    child: (name) => Laminar.startSpan({ name }).end(),
  };
}

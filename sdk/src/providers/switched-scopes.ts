// Tracers and meters that a configuration switches off by the name of their scope; OpenTelemetry's providers have no option
// for it. What is off does nothing, and lets the context through.
import { createNoopMeter, type MeterProvider, ProxyTracerProvider, type TracerProvider } from '@opentelemetry/api';
import type { Model } from '../config/model.ts';
import { configFor } from './patterns.ts';

/** Changes what the provider hands out from now on. @returns the provider */
export function switchTracers<Provider extends TracerProvider>(provider: Provider, model: Model): Provider {
  const node = model.tracer_provider?.['tracer_configurator/development'];
  if (!node) return provider;
  const configOf = configFor(node, 'tracers');
  const getTracer = provider.getTracer.bind(provider);
  // The API has no tracer that does nothing but the one of a provider without a delegate.
  const nothing = new ProxyTracerProvider();
  provider.getTracer = (name, ...rest) =>
    (configOf(name).enabled === false ? nothing : { getTracer }).getTracer(name, ...rest);
  return provider;
}

/** The same for meters. */
export function switchMeters<Provider extends MeterProvider>(provider: Provider, model: Model): Provider {
  const node = model.meter_provider?.['meter_configurator/development'];
  if (!node) return provider;
  const configOf = configFor(node, 'meters');
  const getMeter = provider.getMeter.bind(provider);
  provider.getMeter = (name, ...rest) =>
    configOf(name).enabled === false ? createNoopMeter() : getMeter(name, ...rest);
  return provider;
}

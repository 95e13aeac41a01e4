// What carries contexts through the process, and from one process to the next.
import { AsyncLocalStorage } from 'node:async_hooks';
import { type Context, context, propagation } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import type { Model } from '../config/model.ts';
import { createPropagator } from './propagators.ts';

/** Starts context manager and propagator, and gives where the active context is kept, where that can be found. */
export function startContexts(node: Model['propagator']): AsyncLocalStorage<Context> | undefined {
  const manager = new AsyncLocalStorageContextManager().enable();
  context.setGlobalContextManager(manager);
  const propagator = createPropagator(node);
  if (propagator) propagation.setGlobalPropagator(propagator);
  return storeOf(manager);
}

/** Where the manager keeps the active context: it has no accessor, and without it operations have no children. */
function storeOf(manager: AsyncLocalStorageContextManager): AsyncLocalStorage<Context> | undefined {
  const { _asyncLocalStorage: store } = manager as unknown as { _asyncLocalStorage?: unknown };
  return store instanceof AsyncLocalStorage ? store : undefined;
}

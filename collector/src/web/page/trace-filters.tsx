// Filters of the list of kept traces; they live in the address, so that a link carries them.
import type { ComponentChildren } from 'preact';
import type { FeedState } from './feed.ts';
import { linkTo, type TracesRoute } from './route.ts';
import { distinct, MAX_SUGGESTIONS, namesOf } from './suggestions.ts';

export function TraceFilters({ route, state }: { route: TracesRoute; state: FeedState }): ComponentChildren {
  const operations = state.operations?.operations ?? [];
  const services = distinct([...operations.map((operation) => operation.service), route.service]);
  const names = namesOf(operations, route.service);
  const go = (change: Partial<TracesRoute>): void => location.assign(linkTo({ ...route, ...change }));
  return (
    <div class="filters" role="search">
      <label>
        Service
        <select value={route.service} onChange={(event) => go({ service: event.currentTarget.value })}>
          <option value="">all</option>
          {services.map((service) => (
            <option key={service} value={service}>
              {service}
            </option>
          ))}
        </select>
      </label>
      <label>
        Operation
        <input
          type="search"
          list="operation-names"
          placeholder="whole name, or empty for all"
          value={route.operation}
          onChange={(event) => go({ operation: event.currentTarget.value })}
        />
      </label>
      <datalist id="operation-names">
        {names.slice(0, MAX_SUGGESTIONS).map((name) => (
          <option key={name} value={name} />
        ))}
      </datalist>
      <label class="check">
        <input
          type="checkbox"
          checked={route.errorsOnly}
          onChange={(event) => go({ errorsOnly: event.currentTarget.checked })}
        />
        Errors only
      </label>
    </div>
  );
}

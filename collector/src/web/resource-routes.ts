// Paths of the API about resources.
import type { ResourceLinesAnswer, ResourcesAnswer } from './api.ts';

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** What is asked about resources. */
interface ResourceViews {
  resources(service: string, instance: string): ResourcesAnswer;
  readonly resourceLines?: (() => ResourceLinesAnswer) | undefined;
}

/** @returns undefined where the path is another's */
export function answerResources(views: ResourceViews, { pathname, searchParams }: URL): Answer | undefined {
  if (pathname === '/api/resources') {
    const [service, instance] = ['service', 'instance'].map((name) => searchParams.get(name) ?? '');
    return { status: 200, body: views.resources(service ?? '', instance ?? '') };
  }
  if (pathname !== '/api/resources/baselines') return undefined;
  if (views.resourceLines !== undefined) return { status: 200, body: views.resourceLines() };
  return { status: 404, body: { error: 'baselines of resources are off; take out resources: false' } };
}

// Finds the container a process runs in by what Linux tells the process about itself. OpenTelemetry's detector is a package
// of its own, with one for each cloud beside it.
import { readFileSync } from 'node:fs';
import type { Attributes } from '@opentelemetry/api';

/** The last part of a control group, of version 1: `/docker/<id>`, `…/cri-containerd-<id>.scope`. */
const CONTROL_GROUP = /(?:^|[/-])([0-9a-f]{64})(?:\.scope)?$/m;

/** Version 2 hides the group; files that the runtime mounts into each container are in a folder with its name. */
const MOUNT = /\/(?:containers|overlay-containers)\/([0-9a-f]{64})\//;

/** `container.id`; nothing outside of a container, and where the runtime does not tell. */
export function containerAttributes(): Attributes {
  const id = containerIdOf(textOf('/proc/self/cgroup'), textOf('/proc/self/mountinfo'));
  return id === undefined ? {} : { 'container.id': id };
}

/** @param controlGroups text of `/proc/self/cgroup` @param mounts text of `/proc/self/mountinfo` */
export function containerIdOf(controlGroups: string, mounts: string): string | undefined {
  return CONTROL_GROUP.exec(controlGroups)?.[1] ?? MOUNT.exec(mounts)?.[1];
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // Not Linux.
    return '';
  }
}

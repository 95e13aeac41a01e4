// Containers by what Linux tells of control groups and mounts; lines as Docker, containerd and Podman make them.
import { expect, it } from 'vitest';
import { containerIdOf } from '../../../sdk/src/providers/container.ts';

const ID = '3f'.repeat(32);
const check = (controlGroups: string, mounts: string, expected: string | undefined): void =>
  expect(containerIdOf(controlGroups, mounts)).toBe(expected);

it('finds the name of the container', () => {
  check(`12:pids:/docker/${ID}\n0::/system.slice/containerd.service`, '', ID);
  check(`1:name=systemd:/kubepods.slice/kubepods-pod1.slice/cri-containerd-${ID}.scope\n`, '', ID);
  check(
    '0::/\n',
    `473 456 254:1 /docker/containers/${ID}/hostname /etc/hostname rw,relatime - ext4 /dev/vda1 rw\n`,
    ID,
  );
  check(
    '0::/',
    `1 2 0:3 /containers/overlay-containers/${ID}/userdata/resolv.conf /etc/resolv.conf rw - tmpfs tmpfs rw`,
    ID,
  );
});

it('finds none elsewhere, and takes no pod for one', () => {
  check('0::/user.slice/user-1000.slice/session-2.scope\n', '24 30 0:22 / /sys rw - sysfs sysfs rw', undefined);
  check(
    '0::/',
    `1 2 0:3 /io.containerd.grpc.v1.cri/sandboxes/${ID}/hostname /etc/hostname rw - ext4 /dev/vda rw`,
    undefined,
  );
  check('', '', undefined);
});

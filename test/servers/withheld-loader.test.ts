import { afterEach, expect, test } from 'vitest';
import { nodeOf } from '../../src/core/fleet.ts';
import { nodeSpec } from '../netboot/boot-fixture.ts';
import { type BootStack, startBootStack } from './boot-stack.ts';
import { httpGet, tftpGet } from './sim-machine.ts';

/** A machine that is sent to its disk by finding no loader: it asked for it, and that it did is told. */

const NODE = '127.77.0.50';
let stack: BootStack | undefined;
afterEach(async () => {
  await stack?.stop();
  stack = undefined;
});

test.each(['tftp', 'http'] as const)('is told that it was sent to its disk: %s', async (by) => {
  const spec = nodeSpec('n1', '52:54:00:00:00:01', {
    network: { ip: NODE, dns: [], ntp: [] },
    localBoot: 'notFound',
  });
  const running = await startBootStack({ nodes: [spec] });
  stack = running;
  if (by === 'http') await httpGet(`http://127.0.0.1:${running.ports.http}/b/ipxe.efi`, NODE);
  else await tftpGet(running.ports.tftp, 'ipxe.efi', NODE).catch(() => undefined);
  const told = running.engine.events.filter((event) => event.type.startsWith('loader.'));
  expect(told).toMatchObject([{ type: 'loader.withheld', node: 'n1', file: 'ipxe.efi' }]);
  expect(nodeOf(running.engine.fleet(), 'n1')?.phase).toMatchObject({ is: 'script', answer: 'local' });
});

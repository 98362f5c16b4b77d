import { afterEach, expect, test } from 'vitest';
import { encodeDhcp } from '../../src/protocols/dhcp/encode-dhcp.ts';
import { nodeSpec } from '../netboot/boot-fixture.ts';
import { ip, packet } from '../netboot/client-packets.ts';
import { type BootStack, startBootStack } from './boot-stack.ts';
import { openRelay } from './sim-machine.ts';

const MAC = '52:54:00:1a:bd:09';
let stack: BootStack | undefined;
afterEach(() => stack?.stop());

test('a relay that the site does not name is told in the log, a few times and not for each packet', async () => {
  stack = await startBootStack({ nodes: [nodeSpec('n1', MAC)] });
  const relay = await openRelay(stack.ports.dhcp);
  const lost = encodeDhcp({ ...packet('uefi', MAC, { giaddr: ip('10.99.0.1'), hops: 1 }), maxSizeBytes: 1472 });
  for (let sent = 0; sent < 20; sent += 1) relay.socket.send(lost, stack.ports.dhcp, '127.0.0.1');
  // Answered after all of them: by then each has had its line, or none.
  await expect(relay.ask(packet('uefi', MAC), 20_000)).resolves.toBeDefined();
  const told = stack.logs.filter(({ level }) => level === 'warn').map(({ text }) => text);
  expect(told.length).toBeGreaterThan(0);
  expect(told.length).toBeLessThan(10);
  expect(new Set(told)).toEqual(
    new Set(['relay 10.99.0.1 is not answered: from a network that the site does not name']),
  );
  relay.close();
});

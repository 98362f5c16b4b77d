import { afterEach, expect, test, vi } from 'vitest';
import type { EventBody } from '../../src/core/event.ts';
import { nodeSpec } from '../netboot/boot-fixture.ts';
import { type BootStack, startBootStack } from './boot-stack.ts';
import { httpGet, tftpGet } from './sim-machine.ts';

/** A machine that has our address and asks for a boot file that somebody else named. */

const NODE = '127.77.0.50';
let stack: BootStack | undefined;
afterEach(async () => {
  await stack?.stop();
  stack = undefined;
});

async function start(): Promise<BootStack> {
  stack = await startBootStack({
    nodes: [nodeSpec('n1', '52:54:00:00:00:01', { network: { ip: NODE, dns: [], ntp: [] } })],
  });
  return stack;
}

const told = ({ engine }: BootStack): readonly EventBody[] =>
  engine.events.filter(({ type }) => type === 'loader.notServed');

const TOOK: EventBody = {
  type: 'dhcp.firmwareTook',
  node: 'n1',
  mac: '52:54:00:00:00:01',
  address: NODE,
  firmware: 'uefi',
  bootFile: 'ipxe.efi',
  via: 'dhcp',
};
const notServed = (file: string): EventBody => ({ type: 'loader.notServed', node: 'n1', file });

test('a boot file that is not served is told once, with a clean name; of a flood of names a few', async () => {
  const running = await start();
  const ask = (name: string) => tftpGet(running.ports.tftp, name, NODE).catch(() => undefined);
  await ask('ipxe.efi-before');
  running.engine.emit(TOOK);
  for (let index = 0; index < 3; index += 1) await ask('pxelinux.0');
  await ask('\u001b[31mgrubx64.efi');
  expect(told(running)).toEqual([notServed('pxelinux.0'), notServed('grubx64.efi')]);
  for (let index = 0; index < 20; index += 1) await ask(`name-${index}`);
  expect(told(running)).toHaveLength(5);
});

test.each(['/b/grubx64.efi', '/grubx64.efi', '/EFI/BOOT/bootx64.efi'])('so it is of one by HTTP: %s', async (path) => {
  const running = await start();
  running.engine.emit(TOOK);
  for (let index = 0; index < 3; index += 1)
    await httpGet(`http://127.0.0.1:${running.ports.http}${path}`, NODE).catch(() => undefined);
  expect(told(running)).toEqual([notServed(path.replace(/^\/(b\/)?/, ''))]);
});

test.each([
  ['the END of the packet', 'ipxe.efi\xff'],
  ['all that is read behind it', '/ipxe.efi\xff\xff\xff\x07'],
  ['the next option, by its code', 'ipxe.efiB\x0a10.9.0.1'],
])('firmware that reads a name as a C string, past its end, is given the file: %s', async (_, name) => {
  const running = await start();
  running.engine.emit(TOOK);
  expect((await tftpGet(running.ports.tftp, name, NODE)).equals(running.loader)).toBe(true);
  await vi.waitFor(() => expect(running.engine.events.at(-1)).toMatchObject({ type: 'loader.sent', file: 'ipxe.efi' }));
  expect(told(running)).toEqual([]);
});

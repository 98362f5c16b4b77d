import { expect, test } from 'vitest';
import { nodeOf } from '../../src/core/fleet.ts';
import { arm, nodeSpec, planOf } from './boot-fixture.ts';
import type { ClientKind } from './client-packets.ts';
import { createDhcpBench } from './dhcp-bench.ts';

/** UEFI HTTP boot of a machine with Secure Boot: the offer names what the firmware itself starts. */

const MAC = '52:54:00:00:00:01';
const SIGNED = nodeSpec('n1', MAC, { boot: 'secureBoot' });

function offeredTo(kind: ClientKind, armed: boolean, spec = SIGNED) {
  const on = createDhcpBench([spec]);
  if (armed) on.render(arm(on.engine, 'n1', 'install', planOf('install', undefined, { uki: true, kernelArgs: [] })));
  const { reply, reason } = on.ask(kind, MAC);
  return { file: reply?.packet.options.bootFile ?? reply?.packet.file, reason };
}

test('armed, its firmware is given the UKI and no loader', () => {
  expect(offeredTo('http', true).file).toMatch(/^http:\/\/10\.9\.0\.1\/u\/boot\.efi$/);
});

test('unarmed, the name of a loader that it will not find, so that it goes on to its disk', () => {
  expect(offeredTo('http', false).file).toMatch(/^http:\/\/10\.9\.0\.1\/b\//);
});

test('by PXE it gets a loader as ever, whose script boots the UKI where Secure Boot is off', () => {
  expect(offeredTo('uefi', true).file).toMatch(/\.efi$/);
  expect(offeredTo('uefi', true).file).not.toContain('/u/');
});

test('armed and not sure who it is, it says so on the node until it got its UKI', () => {
  const { uuid: _none, ...identity } = SIGNED.identity;
  const on = createDhcpBench([{ ...SIGNED, identity }]);
  on.render(arm(on.engine, 'n1', 'install', planOf('install', undefined, { uki: true, kernelArgs: [] })));
  on.ask('http', MAC);
  const node = () => nodeOf(on.engine.fleet(), 'n1');
  expect(node()?.health).toMatchObject({ is: 'failed', code: 'IDENTITY_UNSURE' });
  // Its disk comes up meanwhile: it waits in vain all the same.
  on.engine.emit({ type: 'dhcp.osAsked', node: 'n1', mac: MAC });
  expect(node()?.health).toMatchObject({ is: 'failed', code: 'IDENTITY_UNSURE' });
  on.engine.emit({ type: 'image.requested', node: 'n1', image: 'kernel', totalBytes: 1000 });
  expect(node()?.health).toEqual({ is: 'ok' });
});

test('without a name beside its MAC it gets nothing: no script could settle who it is', () => {
  const { uuid: _none, ...identity } = SIGNED.identity;
  const { file, reason } = offeredTo('http', true, { ...SIGNED, identity });
  expect(file ?? '').toBe('');
  expect(reason).toMatch(/no UKI before it is sure who asks/);
});

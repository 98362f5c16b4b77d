import { expect, test } from 'vitest';
import type { EventBody } from '../../src/core/event.ts';
import { nodeOf } from '../../src/core/fleet.ts';
import { posingNow } from '../../src/core/posing.ts';
import { getIn } from '../../src/core/shard-map.ts';
import { decideScript } from '../../src/netboot/answer-script.ts';
import { createMachineId } from '../../src/protocols/dhcp/structured-codecs.ts';
import { ALL_LOADERS, arm, nodeSpec, uuidOf } from './boot-fixture.ts';
import { createDhcpBench } from './dhcp-bench.ts';

/** Two machines with one UUID, as boards come from some makers: one is armed and boots, the other is switched on beside it. */

const MAC = '52:54:00:00:00:01';
const TWIN = '52:54:00:99:00:b1';
const OWN = { mac: MAC, uuid: uuidOf(MAC), serial: 'SN-n1', buildarch: 'x86_64', platform: 'efi' };

function rack(armed = true) {
  const on = createDhcpBench([nodeSpec('n1', MAC)]);
  const { engine } = on;
  const rendered = armed ? arm(engine, 'n1', 'install') : undefined;
  if (rendered !== undefined) on.render(rendered);
  const script = (said: Readonly<Record<string, string>>) => {
    const of = rendered ?? { of: () => undefined };
    const view = { fleet: engine.fleet(), at: engine.now(), rendered: of, artefacts: ALL_LOADERS };
    const { answer, event } = decideScript(view, new Map(Object.entries(said)), '10.9.0.100');
    if (event !== undefined) engine.emit(event);
    return answer;
  };
  const twinAsks = (kind: 'uefi' | 'ipxeUefi' | 'os' = 'uefi') =>
    on.ask(kind, TWIN, { xid: 77 }, { machineId: createMachineId(uuidOf(MAC)) });
  const node = () => nodeOf(engine.fleet(), 'n1') ?? expect.unreachable();
  const boot = (...further: readonly EventBody[]) => {
    on.dora('uefi', MAC);
    on.dora('ipxeUefi', MAC);
    expect(script(OWN)).toBe('install');
    engine.emit({ type: 'image.requested', node: 'n1', image: 'kernel', totalBytes: 1000 });
    for (const event of further) engine.emit(event);
  };
  return { ...on, script, twinAsks, node, boot };
}

const IN_KERNEL: readonly EventBody[] = [];
const HANDED_OVER: readonly EventBody[] = [
  { type: 'image.sent', node: 'n1', image: 'kernel', totalBytes: 1000 },
  { type: 'image.requested', node: 'n1', image: 'initrd', totalBytes: 1000 },
  { type: 'image.sent', node: 'n1', image: 'initrd', totalBytes: 1000 },
  { type: 'http.handedOff', node: 'n1' },
];

test.each([
  ['while its images go out', IN_KERNEL],
  ['behind its hand-off', HANDED_OVER],
])('%s, it ends no boot of the armed machine, and gets nothing', (_, further) => {
  const { boot, twinAsks, script, node } = rack();
  boot(...further);
  const before = node();
  const { reply, reason, node: told } = twinAsks();
  expect(reply).toBeUndefined();
  expect(reason).toBe(`its UUID is that of n1, which boots by ${MAC} at this moment: it is another machine`);
  expect(told).toBe('n1');
  expect(twinAsks('ipxeUefi').reply).toBeUndefined();
  expect(script({ ...OWN, mac: TWIN, serial: '' })).toBe('local');
  expect(node()).toEqual(before);
});

test('it is named where a person sees it, and its MAC is not taken into the file of the other', () => {
  const { boot, twinAsks, engine } = rack();
  boot();
  twinAsks();
  const { strangers } = engine.fleet();
  expect(getIn(strangers, TWIN)).toMatchObject({ poses: 'n1', uuid: uuidOf(MAC) });
  expect(posingNow(strangers, engine.now())).toEqual([
    `${TWIN} names itself as n1, and asked while n1 booted by a NIC of its own: it is another machine`,
  ]);
  expect(posingNow(strangers, engine.now() + 3_600_000)).toEqual([]);
});

test('a machine whose download broke goes on by its second NIC, which nobody recorded', () => {
  const { boot, twinAsks, engine, node } = rack();
  boot();
  engine.advance(11_000);
  expect(twinAsks().reply).toBeDefined();
  expect(node().phase.is).toBe('firmware');
});

test('one that stands still is looked for under every name that it has', () => {
  const { boot, twinAsks, engine, node } = rack();
  boot(...HANDED_OVER);
  engine.advance(600_000);
  engine.emit({ type: 'clock.ticked' });
  expect(node().health.is).not.toBe('ok');
  expect(twinAsks().reply).toBeDefined();
});

test('its own NIC, a system, and whoever boots unarmed are who they say', () => {
  const again = rack();
  again.boot();
  expect(again.ask('uefi', MAC, { xid: 78 }).reply).toBeDefined();
  expect(again.node().phase.is).toBe('firmware');
  const unarmed = rack(false);
  unarmed.dora('uefi', MAC);
  expect(unarmed.twinAsks().reply).toBeDefined();
  const system = rack();
  system.boot(...HANDED_OVER);
  system.twinAsks('os');
  expect(system.node().phase.is).toBe('up');
  expect(getIn(system.engine.fleet().strangers, TWIN)).toBeUndefined();
});

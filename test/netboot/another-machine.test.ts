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
const CONFIGURED: readonly EventBody[] = [
  ...HANDED_OVER,
  { type: 'http.configServed', node: 'n1', job: 'job-n1', configHash: 'c' },
];
const REFUSED: readonly EventBody[] = [...CONFIGURED, { type: 'talos.configFailed', node: 'n1', message: 'no disk' }];
const INSTALLED: readonly EventBody[] = [
  ...CONFIGURED,
  { type: 'talos.installing', node: 'n1' },
  { type: 'talos.installed', node: 'n1', text: 'install successful' },
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
    expect.stringMatching(/^Give it a file with its own MAC and serial;/),
  ]);
  expect(posingNow(strangers, engine.now() + 3_600_000)).toEqual([]);
});

test.each<[string, readonly EventBody[], number, string]>([
  ['its download broke', IN_KERNEL, 16_000, 'kernel'],
  ['its kernel is silent', HANDED_OVER, 181_000, 'handoff'],
  ['it refused its configuration', REFUSED, 5_000, 'config'],
  ['it has installed', INSTALLED, 1_000, 'installed'],
  ['it restarts', [...INSTALLED, { type: 'talos.restarting', node: 'n1', how: 'firmware' }], 1_000, 'rebooting'],
])('where %s, who says its UUID ends no boot of it either, and is told as a doubt', (_, further, ms, phase) => {
  const { boot, twinAsks, script, engine, node } = rack();
  boot(...further);
  engine.advance(ms);
  engine.emit({ type: 'clock.ticked' });
  const before = node();
  expect(before.phase.is).toBe(phase);
  const { reply, reason } = twinAsks();
  expect(reply).toBeUndefined();
  const doubt = 'it is another machine, or a NIC of n1 that is not in its file';
  expect(reason).toBe(`its UUID is that of n1, whose boot came by ${MAC}: ${doubt}`);
  expect(script({ ...OWN, mac: TWIN, serial: '' })).toBe('local');
  expect(node()).toEqual(before);
  expect(posingNow(engine.fleet().strangers, engine.now())).toEqual([
    `${TWIN} names itself as n1, whose boot came by a NIC in its file: ${doubt}`,
    expect.stringMatching(
      /^Look which machine has that MAC\. If it is the one that it names, write the MAC into its file/,
    ),
  ]);
});

test('a machine that hung is heard by its NIC on record at once, and by any other when its power was switched from here', () => {
  const hung = () => {
    const on = rack();
    on.boot(...HANDED_OVER);
    on.engine.advance(600_000);
    on.engine.emit({ type: 'clock.ticked' });
    expect(on.node().health.is).toBe('stalled');
    return on;
  };
  const byItsOwn = hung();
  expect(byItsOwn.ask('uefi', MAC, { xid: 78 }).reply).toBeDefined();
  expect(byItsOwn.node().phase.is).toBe('firmware');
  const ordered = hung();
  ordered.engine.emit({ type: 'bmc.powerAsked', node: 'n1', action: 'cycle' });
  expect(ordered.twinAsks().reply).toBeDefined();
  const byHand = hung();
  byHand.engine.emit({ type: 'bmc.progressRead', node: 'n1', progress: 'MemoryInitializationStarted' });
  expect(byHand.twinAsks().reply).toBeDefined();
  const late = hung();
  late.engine.advance(3_600_000);
  expect(late.twinAsks().reply).toBeDefined();
});

test('who was told apart from it beyond doubt stays another machine in its next boot', () => {
  const { boot, twinAsks, engine, node } = rack();
  boot();
  engine.advance(16_000);
  twinAsks();
  expect(getIn(engine.fleet().strangers, TWIN)?.unproven).toBe(true);
  engine.emit({ type: 'image.sent', node: 'n1', image: 'kernel', totalBytes: 1000 });
  twinAsks();
  expect(getIn(engine.fleet().strangers, TWIN)?.unproven).toBeUndefined();
  engine.emit({ type: 'operator.retried', node: 'n1', by: { user: 'ada', from: 'tty1' } });
  const { phase } = node();
  expect(twinAsks().reason).toContain('it asked while that booted by a NIC of its own: it is another machine');
  expect(node().phase).toEqual(phase);
});

test('a boot of which the job was cancelled is nobody else either, as long as it may go on', () => {
  const { boot, twinAsks, engine, node } = rack();
  boot(...HANDED_OVER);
  engine.emit({ type: 'operator.cancelled', node: 'n1', by: { user: 'ada', from: 'tty1' } });
  engine.advance(60_000);
  expect(twinAsks().reply).toBeUndefined();
  expect(getIn(engine.fleet().strangers, TWIN)?.unproven).toBe(true);
  expect([node().phase.is, node().seen.mac]).toEqual(['handoff', MAC]);
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

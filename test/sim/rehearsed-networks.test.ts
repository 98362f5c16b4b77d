import { afterEach, expect, test } from 'vitest';
import type { NodeState } from '../../src/core/node.ts';
import { getIn } from '../../src/core/shard-map.ts';
import { parseInventory } from '../../src/inventory/parse-inventory.ts';
import { createWholeStack, type WholeStack } from './whole-stack.ts';

let stack: WholeStack | undefined;
afterEach(async () => {
  await stack?.stop();
  stack = undefined;
});

/** Three networks: ours, one of the office beside which we are a proxy, and one where its server names our files. */
const SITE = `
site: hall-3
networks:
  - { relay: 10.20.0.1, address: 10.20.0.2, subnet: 10.20.0.0/16, pool: 10.20.200.1-10.20.200.99 }
  - { relay: 10.30.0.1, address: 10.20.0.2, dhcp: proxy, subnet: 10.30.0.0/16 }
  - { relay: 10.40.0.1, address: 10.20.0.2, dhcp: off, subnet: 10.40.0.0/16 }
talos: { version: v1.13.9 }
`;
const MACHINES = {
  'ours-uefi': ['10.20.7.1', ''],
  'proxy-uefi': ['10.30.7.1', 'rack: office'],
  'proxy-bios': ['10.30.7.2', 'firmware: bios'],
  'proxy-http': ['10.30.7.3', 'firmware: http'],
  'proxy-arm64': ['10.30.7.4', 'arch: arm64'],
  'proxy-rival': ['10.30.7.5', ''],
  'off-uefi': ['10.40.7.1', ''],
  'off-bios': ['10.40.7.2', 'firmware: bios'],
} as const;

/** Beside another server the usual case: no address is written, and the network in which each gets one all the same. */
const WITHOUT_ADDRESS = {
  'ours-lease': ['gateway: 10.20.0.1', 0],
  'proxy-lease': ['rack: office', 1],
  'proxy-guess': ['firmware: bios', 1],
  'off-lease': ['gateway: 10.40.0.1', 2],
} as const;

const FOLDER = new URL('../../inventory', import.meta.url).pathname;

function inventory() {
  const written = [
    ...Object.entries(MACHINES).map(([name, [ip, rest]]) => [name, `ip: ${ip}\n${rest}`] as const),
    ...Object.entries(WITHOUT_ADDRESS).map(([name, [rest]]) => [name, rest] as const),
  ];
  const nodes = written.map(([name, rest], i) => ({
    path: `${name}.yaml`,
    text: `macs: ["52:54:00:0a:00:${String(i).padStart(2, '0')}"]
serial: CZJ${i}
bmc: { url: https://10.21.7.${i + 1}, username: admin, password: env:X }
talos: { disk: { serial: S00${i} }, config: _talos/worker.yaml }
${rest}
`,
  }));
  const { inventory: made, problems } = parseInventory([{ path: '_site.yaml', text: SITE }, ...nodes]);
  expect(problems.filter((one) => one.severity === 'error')).toEqual([]);
  return made;
}

test('a rehearsal plays every manner of DHCP: machines install beside the office’s own server, and a rival there has its name', {
  timeout: 120_000,
}, async () => {
  stack = await createWholeStack({
    rehearse: { inventory: inventory(), folder: FOLDER },
    faults: 'rivalDhcp:proxy-rival',
    speed: 60,
    api: false,
  });
  const { node, arm, until, rack, notes } = stack;
  const rival = 'proxy-rival';
  const fixed = Object.keys(MACHINES).filter((name) => name !== rival);
  const leased = Object.entries(WITHOUT_ADDRESS);
  const sound = [...fixed, ...Object.keys(WITHOUT_ADDRESS)];
  expect(await arm([...sound, rival])).toMatchObject({ ok: true });
  const isReady = ({ endedJobs }: NodeState) => endedJobs.at(-1)?.outcome === 'done';
  const isStopped = ({ health }: NodeState) => 'code' in health && health.code === 'RIVAL_PXE';
  await until(() => sound.every((name) => isReady(node(name))) && isStopped(node(rival)), 90_000);
  const [net] = rack.network.relay.split('.').slice(1);
  const address = (name: string) => rack.machines.get(name)?.state.address?.replace(/^127\.\d+\./, '');
  expect(fixed.map(address)).toEqual(fixed.map((name) => MACHINES[name as keyof typeof MACHINES][0].slice(6)));
  expect(rack.machines.get('ours-uefi')?.state.address).toMatch(new RegExp(`^127\\.${net}\\.`));
  const nets = stack.world.inventory.current().site.networks.map(({ subnet }) => subnet.replace(/0\.0\/16$/, ''));
  for (const [name, [, network]] of leased)
    expect([name, rack.machines.get(name)?.state.address]).toEqual([
      name,
      expect.stringContaining(nets[network] ?? '?'),
    ]);
  // Where another server gives the addresses none is a lease of ours.
  const { leases } = stack.world.engine.fleet();
  const ofOurs = leased.filter(([name]) => getIn(leases, node(name).spec.identity.macs[0] ?? '') !== undefined);
  expect(ofOurs.map(([name]) => name)).toEqual(['ours-lease']);
  expect(rack.notes.filter((note) => note.includes('no ip or gateway'))).toEqual([
    expect.stringMatching(/^proxy-guess: .* played in 10\.30\.0\.0\/16 \(dhcp: proxy\)/),
  ]);
  // The screen has it from the fleet.
  const { played } = stack.world.engine.fleet();
  expect(played?.faults).toEqual([
    { node: rival, text: expect.stringMatching(/^a forgotten DHCP server .*\(rivalDhcp\)$/) },
  ]);
  expect(rack.notes.slice(-(played?.notes.length ?? 0))).toEqual(played?.notes);
  // PXE over TFTP comes to port 4011 beside another server, UEFI HTTP boot never does.
  const asked = (name: string) => notes.some((one) => one.startsWith(`${name} boot server `));
  expect(sound.filter(asked)).toEqual(['proxy-uefi', 'proxy-bios', 'proxy-arm64', 'proxy-lease', 'proxy-guess']);
  const { rivals } = stack.world.engine.fleet();
  expect(Object.values(rivals).map(({ server, bootFile }) => [server.replace(/^127\.\d+/, ''), bootFile])).toEqual([
    ['.0.67', 'pxelinux.0'],
  ]);
});

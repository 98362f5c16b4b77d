import { expect, test } from 'vitest';
import type { DhcpAnswer } from '../../src/netboot/dhcp-ask.ts';
import type { Silence } from '../../src/netboot/silence.ts';
import { namedLoaders, nodeSpec } from './boot-fixture.ts';
import { ip, packet } from './client-packets.ts';
import { createDhcpBench, type DhcpBench, localSubnet } from './dhcp-bench.ts';

const N1 = '52:54:00:00:00:01';
const N2 = '52:54:00:00:00:02';
const STRANGER = '52:54:00:00:00:77';

const bench = (change: Parameters<typeof localSubnet>[0] = {}) =>
  createDhcpBench([nodeSpec('n1', N1), nodeSpec('n2', N2)], [localSubnet(change)]);
const proxy = () => {
  const { pool: _pool, ...rest } = localSubnet({ dhcp: 'proxy' });
  return createDhcpBench([nodeSpec('n1', N1)], [rest], namedLoaders());
};

test.each<readonly [string, Silence, () => DhcpAnswer]>([
  ['a message without a type', 'malformed', () => bench().send({ ...packet('os', N1), options: {} })],
  ['a request that names nothing', 'malformed', () => bench().ask('os', N1, {}, { messageType: 'request' })],
  ['a relay that the site does not name', 'network', () => bench().ask('os', N1, { giaddr: ip('10.66.0.1') })],
  ['a network where DHCP is off', 'network', () => bench({ dhcp: 'off' }).ask('os', N1)],
  ['somebody whom nobody knows', 'stranger', () => bench().ask('uefi', STRANGER)],
  ['a second server that waits', 'waiting', () => bench({ answerAfterSeconds: 4 }).ask('uefi', N1)],
  [
    'a pool that is used up',
    'pool',
    () => {
      const on = bench({ pool: { from: '10.9.0.100', to: '10.9.0.100' } });
      on.dora('os', N1);
      return on.ask('os', N2);
    },
  ],
  [
    'a machine that took another offer',
    'other',
    () =>
      bench().ask(
        'os',
        N1,
        {},
        { messageType: 'request', requestedAddress: ip('10.9.0.100'), serverId: ip('10.9.0.7') },
      ),
  ],
  ['a system beside another server', 'other', () => proxy().ask('os', N1)],
  ['firmware beside another server, for which there is no loader', 'loader', () => proxy().ask('uefi', N1)],
  [
    'a machine that is sent to its disk so',
    'gate',
    () => createDhcpBench([nodeSpec('n1', N1, { localBoot: 'silence' })]).ask('uefi', N1),
  ],
  [
    'what fits two machines',
    'conflict',
    () =>
      createDhcpBench([nodeSpec('n1', N1), nodeSpec('n2', N1)]).ask(
        'uefi',
        N1,
        {},
        { machineId: { raw: new Uint8Array(17) } },
      ),
  ],
  [
    'a release of what it has not',
    'unheld',
    () => bench().ask('os', N1, { ciaddr: ip('10.9.0.100') }, { messageType: 'release' }),
  ],
  [
    'a release',
    'undue',
    () => {
      const on = bench();
      return on.ask('os', N1, { ciaddr: on.dora('os', N1) }, { messageType: 'release' });
    },
  ],
])('%s is silence of the kind "%s"', (_name, kind, answer) => {
  const { reply, silence } = answer();
  expect([reply, silence]).toEqual([undefined, kind]);
});

test('what is answered is no silence', () => {
  const on: DhcpBench = bench();
  expect(on.ask('os', N1)).not.toHaveProperty('silence');
});

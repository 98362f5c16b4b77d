import { describe, expect, test } from 'vitest';
import type { EventBody } from '../../src/core/event.ts';
import type { Lack } from '../../src/core/phase.ts';
import { bodiesOf } from './bodies.ts';
import { apply, armed, fleetOf, specOf, stateOf, stored, type Timed } from './kit.ts';

/** A system that started, and is given no address by us: that is why nothing more is heard of it. */

const node = 'node-01';
const [mac, second] = ['52:54:00:00:00:01', '52:54:00:00:00:02'] as const;
const e = bodiesOf(node, mac);
const FULL = 'no free address: the pool of 10.9.0.0/24 is used up';
const asks = (of: Lack['of'] = 'address', nic: string = mac): EventBody => ({
  type: 'dhcp.osAsked',
  node,
  mac: nic,
  lacks: { of, why: FULL },
});
const offered: EventBody = { type: 'dhcp.osAsked', node, mac };
const took: EventBody = { ...offered, address: '10.9.0.100' };
const tookAnother: EventBody = {
  type: 'dhcp.rivalAnswered',
  node,
  server: '10.9.0.7',
  ack: false,
  address: '10.9.0.50',
};

const handedOver: readonly Timed[] = [
  [0, armed('install')],
  [0, stored()],
  [10, e.discover(1)],
  [11, e.took()],
  [20, e.script('install')],
  [21, e.kernel()],
  [22, e.initrd()],
  [23, e.sent()],
];
const after = (...events: readonly Timed[]) => stateOf(apply(fleetOf(specOf(node)), ...handedOver, ...events));
const healthOf = (...events: readonly Timed[]) => {
  const { health } = after(...events);
  return 'code' in health ? [health.code, health.detail] : [health.is];
};
const why = `${mac}: ${FULL}`;

describe('the system that we sent', () => {
  test.each<readonly [string, readonly Timed[], readonly string[]]>([
    [
      'gets no address, and its page says so',
      [
        [30, asks()],
        [40, asks()],
        [71, e.tick()],
      ],
      ['POOL_EMPTY', why],
    ],
    [
      'is left to the first server for too long',
      [
        [30, asks('turn')],
        [71, e.tick()],
      ],
      ['SECOND_SERVER', why],
    ],
    [
      'is given 40 s',
      [
        [30, asks()],
        [69, e.tick()],
      ],
      ['ok'],
    ],
    [
      'takes one at last, and has its own time from then',
      [
        [30, asks()],
        [71, e.tick()],
        [80, took],
        [199, e.tick()],
      ],
      ['ok'],
    ],
    [
      'takes one, and is not heard of',
      [
        [30, asks()],
        [71, e.tick()],
        [80, took],
        [201, e.tick()],
      ],
      ['UP_LATE', 'up, no configuration fetched for 121 s'],
    ],
    [
      'is offered one',
      [
        [30, asks()],
        [71, e.tick()],
        [80, offered],
      ],
      ['ok'],
    ],
    [
      'takes the offer of another server',
      [
        [30, asks('turn')],
        [31, tookAnother],
        [100, e.tick()],
      ],
      ['ok'],
    ],
    [
      'asks by a second NIC that gets none',
      [
        [30, took],
        [31, asks('address', second)],
        [90, e.tick()],
        [151, e.tick()],
      ],
      ['UP_LATE', 'up, no configuration fetched for 121 s'],
    ],
    [
      'asks by its second NIC alone',
      [
        [30, asks('address', second)],
        [71, e.tick()],
      ],
      ['POOL_EMPTY', `${second}: ${FULL}`],
    ],
    [
      'reports without one of ours',
      [
        [30, asks()],
        [35, e.up()],
        [75, e.tick()],
      ],
      ['ok'],
    ],
    [
      'was said to be late, and then asks in vain',
      [
        [30, offered],
        [151, e.tick()],
        [160, asks()],
        [201, e.tick()],
      ],
      ['POOL_EMPTY', why],
    ],
    [
      'is told the other reason when that changes',
      [
        [30, asks('turn')],
        [71, e.tick()],
        [80, asks()],
        [81, e.tick()],
      ],
      ['POOL_EMPTY', why],
    ],
    [
      'in an older journal is late as ever',
      [
        [30, offered],
        [151, e.tick()],
      ],
      ['UP_LATE', 'up, no configuration fetched for 121 s'],
    ],
  ])('%s', (_, events, expected) => {
    expect(healthOf(...events)).toEqual(expected);
  });
});

describe('a system that boots its disk, and for which no job waits', () => {
  const disk = (...events: readonly Timed[]) => {
    const local: readonly Timed[] = [
      [0, e.discover(1)],
      [1, e.took()],
      [5, e.script('local')],
    ];
    return stateOf(apply(fleetOf(specOf(node)), ...local, ...events));
  };

  test('is not said to be without one: it may live by another NIC, that asks nobody', () => {
    const asking: readonly Timed[] = [30, 35, 45, 3600].map((second) => [second, asks('address', mac)]);
    const { phase, health } = disk(...asking, [7200, e.tick()]);
    expect(phase).toMatchObject({ is: 'diskBoot', lacks: { asks: 4 } });
    expect(health).toEqual({ is: 'ok' });
  });
});

describe('the system that was installed', () => {
  const installed: readonly Timed[] = [
    [30, e.up()],
    [40, e.config()],
    [50, e.pulling(50)],
    [60, e.installed()],
  ];
  const rebooted: readonly Timed[] = [...installed, [70, e.restarting('firmware')]];
  const inVain = asks('address', second);
  const kernelStarted: EventBody = { type: 'talos.kernelStarted', node };

  test('gets no address, and its page says so', () => {
    expect(healthOf(...rebooted, [100, asks()], [145, e.tick()])).toEqual(['POOL_EMPTY', why]);
  });

  test.each<readonly [string, EventBody]>([
    ['its event stream', e.up()],
    ['its log', kernelStarted],
    ['a stage', e.stage('booting')],
    ['its API', e.opened('none')],
  ])('has one, by which %s was heard: a second NIC that asks in vain is no trouble', (_, heard) => {
    const begun: readonly Timed[] = [...rebooted, [99, offered]];
    expect(healthOf(...begun, [100, heard], [101, inVain], [150, e.tick()])).toEqual(['ok']);
    expect(healthOf(...begun, [101, inVain], [102, heard], [150, e.tick()])).toEqual(['ok']);
    expect(healthOf(...begun, [101, inVain], [145, e.tick()])).toEqual(['POOL_EMPTY', `${second}: ${FULL}`]);
    expect(healthOf(...begun, [101, inVain], [145, e.tick()], [160, heard], [161, e.tick()])).toEqual(['ok']);
  });

  test.each<readonly [string, EventBody]>([
    ['its stream', e.up()],
    ['its log', kernelStarted],
    ['a sequence', e.sequence('boot')],
    ['a stage', e.stage('booting')],
  ])('whose first word after its reboot is %s', (_, heard) => {
    expect(healthOf(...rebooted, [100, heard], [101, inVain], [150, e.tick()])).toEqual(['ok']);
  });

  test('asked before its reboot was heard of', () => {
    expect(healthOf(...installed, [99, took], [100, kernelStarted], [101, inVain], [150, e.tick()])).toEqual(['ok']);
  });
});

test('a machine that fell through to its disk, and is heard there, has one', () => {
  const begun: readonly Timed[] = [
    [0, e.discover(1)],
    [1, e.took()],
  ];
  for (const heard of [e.up(), e.opened('none')]) {
    const { phase } = stateOf(apply(fleetOf(specOf(node)), ...begun, [30, heard], [31, asks('address', second)]));
    expect(phase).toMatchObject({ is: 'diskBoot', addressed: true });
    expect(phase).not.toHaveProperty('lacks');
  }
});

import { expect, test } from 'vitest';
import type { NodeState } from '../../src/core/node.ts';
import { bodiesOf } from './bodies.ts';
import { apply, armed, fleetOf, reduceAt, specOf, stateOf, stored, type Timed } from './kit.ts';

/** The order for the boot that installs goes to the BMC while the wipe starts; the BMC may come to it late. */

const e = bodiesOf('node-01');
const wiping: readonly Timed[] = [
  [0, armed('reinstall')],
  [0, stored()],
  [10, e.discover(1)],
  [11, e.script('wipe')],
  [13, e.initrd()],
  [15, e.sent()],
];
const rebooting: readonly Timed[] = [
  [30, e.up()],
  [31, e.phase('wipeDisks')],
  [60, e.stage('rebooting')],
];
const installing: readonly Timed[] = [
  [120, e.discover(2)],
  [125, e.script('install')],
];
const dropped = e.bmcFailed('notTaken', 'override');

function told(before: readonly Timed[], seconds: number): { readonly node: NodeState; readonly orders: unknown[] } {
  const [fleet, effects] = reduceAt(apply(fleetOf(specOf('node-01')), ...before), seconds, dropped);
  const orders = effects.flatMap((one) => (one.type === 'bmc.bootFromNetwork' ? [one.power] : []));
  return { node: stateOf(fleet), orders };
}

test.each<readonly [string, readonly Timed[], NodeState['phase']['is']]>([
  ['the boot that installs asks firmware’s first question', [...wiping, [120, e.discover(2)]], 'firmware'],
  ['the same, and nothing was heard of the reset', [...wiping, ...installing], 'script'],
  ['its script went out', [...wiping, ...rebooting, ...installing], 'script'],
])('an order that reads back "none" was taken where %s: nothing is wrong, nobody powers it off', (_, before, phase) => {
  const { node, orders } = told(before, 130);
  expect(orders).toEqual([]);
  expect([node.phase.is, node.health, node.job?.override]).toEqual([phase, { is: 'ok' }, 'cleared']);
  expect(node.seen.bmcProblem).toBeUndefined();
});

test('in the POST before that boot it is waited for, and the BMC read again where the machine stays silent', () => {
  const { node, orders } = told([...wiping, ...rebooting], 62);
  expect([orders, node.phase.is, node.health]).toEqual([[], 'rebooting', { is: 'ok' }]);
  const fleet = apply(fleetOf(specOf('node-01')), ...wiping, ...rebooting, [62, dropped]);
  const [, effects] = reduceAt(fleet, 961, e.tick());
  expect(effects).toContainEqual(
    expect.objectContaining({ type: 'bmc.bootFromNetwork', power: 'offThenOn', onlyIfUsedUp: expect.anything() }),
  );
});

/** Nobody can tell it from one that POST has used up already: a system that reports nothing resets unheard. */
test.each<readonly [string, readonly Timed[], NodeState['phase']['is']]>([
  ['the wiping kernel is handed over', wiping, 'handoff'],
  ['it wipes', [...wiping, ...rebooting.slice(0, 2)], 'wiping'],
])(
  'an order that reads back "none" while %s fails nothing: the boot that installs goes on to ready',
  (_, before, phase) => {
    const { node, orders } = told(before, 40);
    expect([orders, node.phase.is, node.health, node.job?.override]).toEqual([[], phase, { is: 'ok' }, 'set']);
    const through: readonly Timed[] = [
      [60, e.stage('rebooting')],
      ...installing,
      [130, e.initrd()],
      [131, e.sent()],
      [140, e.up()],
      [141, e.config()],
      [142, e.pulling(50)],
      [150, e.installed()],
      [151, e.restarting('kexec')],
      [160, e.stage('running', true)],
    ];
    const end = stateOf(apply(fleetOf(specOf('node-01')), ...before, [40, dropped], ...through));
    expect([end.phase.is, end.health, end.endedJobs.at(-1)?.outcome]).toEqual(['ready', { is: 'ok' }, 'done']);
  },
);

test('where it really was dropped, the silence after the wipe has the BMC read and the order given again', () => {
  const before: readonly Timed[] = [...wiping, ...rebooting.slice(0, 2), [40, dropped], [60, e.stage('rebooting')]];
  const [, effects] = reduceAt(apply(fleetOf(specOf('node-01')), ...before), 961, e.tick());
  expect(effects).toContainEqual(
    expect.objectContaining({ type: 'bmc.bootFromNetwork', power: 'offThenOn', onlyIfUsedUp: expect.anything() }),
  );
});

test.each<readonly [string, readonly Timed[]]>([
  [
    'when it was given again because POST had used it up',
    [...wiping, [17, e.overrideSet()], ...rebooting, [961, e.tick()], [962, e.orderRead('usedUp')]],
  ],
  ['when an operator gave it again', [...wiping, ...rebooting, ...installing, [300, e.retry()]]],
])('an order that is dropped %s counts', (_, before) => {
  expect(told(before, 963).node.health).toMatchObject({ code: 'BMC_REFUSED' });
});

import { expect, test } from 'vitest';
import type { EventBody } from '../../../src/core/event.ts';
import type { NodeState } from '../../../src/core/node.ts';
import { countGroups } from '../../../src/ui/select/fleet-view.ts';
import { timelineOf } from '../../../src/ui/select/timeline.ts';
import { bodiesOf } from '../../core/bodies.ts';
import {
  apply,
  armed,
  at,
  attemptOf,
  fleetOf,
  jobOf,
  nodeWith,
  phaseOf,
  specOf,
  stateOf,
  stored,
  type Timed,
} from '../../core/kit.ts';

const spec = specOf('node-01');
const e = bodiesOf(spec.name);
const node = spec.name;
const job: readonly Timed[] = [
  [0, armed('install')],
  [0, stored()],
];
const sent = (image: 'kernel' | 'initrd'): EventBody => ({ type: 'image.sent', node, image, totalBytes: 100 });
const toScript: readonly Timed[] = [
  [10, e.discover(1)],
  [11, e.took()],
  [12, e.loader()],
  [13, { type: 'loader.sent', node, file: 'ipxe.efi', totalBytes: 1000 }],
  [14, e.ipxe()],
  [15, e.script('install')],
];
const handedOver: readonly Timed[] = [
  [16, e.kernel()],
  [16, sent('kernel')],
  [16, e.initrd()],
  [17, sent('initrd')],
  [17, { type: 'http.handedOff', node }],
];

function told(seconds: number, ...events: readonly Timed[]): readonly string[] {
  const one = stateOf(apply(fleetOf(spec), ...job, ...events, [seconds, e.tick()]));
  return timelineOf(one, one.attempt, at(seconds))
    .filter((step) => step.state !== 'waiting')
    .map(({ state, title, tookMs }) => `${state} ${title} ${(tookMs ?? -1) / 1000}`);
}

test.each<readonly [string, number, readonly Timed[], readonly string[]]>([
  [
    'a silent kernel: it was sent whole',
    217,
    [...toScript, ...handedOver],
    ['done HTTP boot script 2', 'done kernel + initrd 1', 'failed system up, config 200'],
  ],
  ['a kernel that nobody fetched', 60, toScript, ['done HTTP boot script 1', 'failed kernel + initrd 45']],
  ['a loader that nobody fetched', 60, toScript.slice(0, 2), ['done DHCP discover/offer 1', 'failed boot loader 49']],
  [
    'a loader that was sent and asks for nothing',
    60,
    toScript.slice(0, 4),
    ['done ipxe.efi 1 kB 1', 'failed HTTP boot script 47'],
  ],
])('the row that failed is the one that did not come: %s', (_, seconds, events, last) => {
  expect(told(seconds, ...events).slice(-last.length)).toEqual(last);
});

const diskBoot = phaseOf('diskBoot', { askedAgain: 0 });
const { job: _none, ...plain } = attemptOf();

test.each<readonly [string, NodeState, string]>([
  ['an unknown system asks for an address', nodeWith(diskBoot, { attempt: plain }), 'idle'],
  ['a Talos that nobody armed comes up', nodeWith(diskBoot, { attempt: { ...plain, talosSpokeAt: at(-5) } }), 'boot'],
  ['a Talos that nobody armed restarts', nodeWith(phaseOf('rebooting', { how: 'kexec', after: 'other' })), 'boot'],
  ['armed, and its disk booted', nodeWith(diskBoot, { attempt: attemptOf(), job: jobOf('install') }), 'armed'],
  ['installed, and boots', nodeWith(diskBoot, { job: jobOf('install', { spentAt: at(-60) }) }), 'install'],
  [
    'installed unseen, and boots',
    nodeWith(diskBoot, { attempt: attemptOf({ answered: 'install' }), job: jobOf('install') }),
    'install',
  ],
  [
    'wiped, and restarts',
    nodeWith(phaseOf('rebooting', { how: 'firmware', after: 'wipe' }), { job: jobOf('reinstall') }),
    'install',
  ],
])('only who installs is counted as that: %s', (_, one, group) => {
  expect(countGroups([one])).toMatchObject({ [group]: 1 });
});

import { describe, expect, test } from 'vitest';
import { evidenceOfFact } from '../../src/talos/evidence-of.ts';
import { meaningOfEvent, sequenceAfter, type TalosFact } from '../../src/talos/meaning-of-event.ts';
import { REBOOT_COMMANDS, type TalosEventBody } from '../../src/talos/talos-event.ts';

test.each<[string, TalosEventBody, TalosFact]>([
  [
    'a boot sequence begins',
    { type: 'sequence', sequence: 'boot', action: 'start' },
    { kind: 'sequence', name: 'boot', action: 'start' },
  ],
  [
    'an install sequence says nothing, it also runs where nothing is installed',
    { type: 'sequence', sequence: 'install', action: 'start' },
    { kind: 'noise', why: 'sequence install start' },
  ],
  [
    'the install phase is the install',
    { type: 'phase', phase: 'install', action: 'start' },
    { kind: 'phase', sequence: 'install', name: 'install', action: 'start' },
  ],
  [
    'an intended reboot looks fatal and is not',
    {
      type: 'sequence',
      sequence: 'reboot',
      action: 'noop',
      error: { code: 'fatal', message: 'sequence failed: error running phase 9 in reboot: unix.Reboot(1234567)' },
    },
    { kind: 'noise', why: 'the sequence ended in the reboot it was for' },
  ],
  [
    'a takeover is no failure',
    { type: 'sequence', sequence: 'boot', action: 'noop', error: { code: 'canceled', message: 'context canceled' } },
    { kind: 'noise', why: 'another sequence took over' },
  ],
  [
    'a lock is no failure',
    { type: 'sequence', sequence: 'boot', action: 'noop', error: { code: 'locked', message: 'locked' } },
    { kind: 'noise', why: 'another sequence is running' },
  ],
  [
    'anything else fatal is',
    { type: 'sequence', sequence: 'install', action: 'noop', error: { code: 'fatal', message: 'no disk found' } },
    { kind: 'failed', message: 'no disk found' },
  ],
  ['haltIfInstalled halts', { type: 'phase', phase: 'haltIfInstalled', action: 'start' }, { kind: 'halted' }],
  ['maintenance begins', { type: 'task', task: 'runningMaintenance', action: 'start' }, { kind: 'maintenance' }],
  [
    'maintenance ends',
    { type: 'task', task: 'runningMaintenance', action: 'stop' },
    { kind: 'noise', why: 'task runningMaintenance stop' },
  ],
  ['kexec', { type: 'restart', cmd: REBOOT_COMMANDS.kexec }, { kind: 'restart', how: 'kexec' }],
  ['reset', { type: 'restart', cmd: 19088743 }, { kind: 'restart', how: 'firmware' }],
  ['power off', { type: 'restart', cmd: 1126301404 }, { kind: 'restart', how: 'off' }],
  ['halt', { type: 'restart', cmd: 3454992675 }, { kind: 'restart', how: 'off' }],
  ['another command', { type: 'restart', cmd: 5 }, { kind: 'noise', why: 'unknown restart command 0x5' }],
  [
    'unmet conditions carry their reason',
    { type: 'machineStatus', stage: 'running', ready: false, unmet: [{ name: 'nodeReady', reason: 'not found' }] },
    { kind: 'stage', stage: 'running', ready: false, unmet: ['nodeReady: not found'] },
  ],
  ['no host name yet', { type: 'address', hostName: '', addresses: [] }, { kind: 'addresses', addresses: [] }],
])('%s', (_name, body, expected) => {
  expect(meaningOfEvent({ body }, 'install')).toEqual(expected);
});

describe('the sequence of a phase', () => {
  test('is followed over START, takeover and STOP', () => {
    const seen: (string | undefined)[] = [];
    let current: string | undefined;
    const bodies: TalosEventBody[] = [
      { type: 'sequence', sequence: 'initialize', action: 'start' },
      { type: 'sequence', sequence: 'initialize', action: 'stop' },
      { type: 'sequence', sequence: 'boot', action: 'start' },
      { type: 'sequence', sequence: 'reboot', action: 'start' },
      { type: 'sequence', sequence: 'boot', action: 'noop', error: { code: 'canceled', message: '' } },
      { type: 'phase', phase: 'cleanup', action: 'start' },
    ];
    for (const body of bodies) {
      current = sequenceAfter(current, { body });
      seen.push(current);
    }
    expect(seen).toEqual(['initialize', undefined, 'boot', 'reboot', 'reboot', 'reboot']);
  });
});

/** Facts §3.6: what a whole install sends, and what is left of it as evidence. */
describe('a whole install', () => {
  const sequence = (name: string, action: 'start' | 'stop'): TalosEventBody => ({
    type: 'sequence',
    sequence: name,
    action,
  });
  const phase = (name: string): TalosEventBody => ({ type: 'phase', phase: name, action: 'start' });
  const stage = (name: 'booting' | 'installing' | 'rebooting'): TalosEventBody => ({
    type: 'machineStatus',
    stage: name,
    ready: false,
    unmet: [],
  });
  const end: TalosEventBody[] = [
    phase('kexec'),
    stage('rebooting'),
    { type: 'restart', cmd: REBOOT_COMMANDS.kexec },
    { type: 'sequence', sequence: 'x', action: 'noop', error: { code: 'fatal', message: 'unix.Reboot(45584543)' } },
  ];

  function evidence(bodies: readonly TalosEventBody[]): string[] {
    let current: string | undefined;
    return bodies.flatMap((body) => {
      current = sequenceAfter(current, { body });
      const found = evidenceOfFact('n', meaningOfEvent({ body }, current));
      if (found === undefined) return [];
      const { type, node: _node, ...rest } = found;
      return [`${type} ${JSON.stringify(rest)}`];
    });
  }

  test('with machine.install (1.13)', async () => {
    const lines = evidence([
      sequence('initialize', 'start'),
      phase('systemRequirements'),
      stage('booting'),
      phase('config'),
      { type: 'task', task: 'loadConfig', action: 'start' },
      sequence('initialize', 'stop'),
      sequence('install', 'start'),
      phase('env'),
      phase('install'),
      stage('installing'),
      ...end,
    ]);
    await expect(`${lines.join('\n')}\n`).toMatchFileSnapshot('golden/events-1.13.txt');
  });

  test('with UnattendedInstallConfig (1.14)', async () => {
    const lines = evidence([
      sequence('initialize', 'start'),
      stage('booting'),
      phase('config'),
      sequence('initialize', 'stop'),
      sequence('install', 'start'),
      sequence('install', 'stop'),
      sequence('boot', 'start'),
      phase('memorySizeCheck'),
      phase('diskSizeCheck'),
      sequence('reboot', 'start'),
      { type: 'sequence', sequence: 'boot', action: 'noop', error: { code: 'canceled', message: 'canceled' } },
      ...end,
    ]);
    await expect(`${lines.join('\n')}\n`).toMatchFileSnapshot('golden/events-1.14.txt');
  });
});

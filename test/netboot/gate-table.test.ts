import { describe, expect, test } from 'vitest';
import type { EventBody } from '../../src/core/event.ts';
import { answerGate, type GateAnswer, type GateQuestion } from '../../src/netboot/gate.ts';
import { type Claims, resolveIdentity } from '../../src/netboot/identity.ts';
import { ACTOR, apply, armed, at, fleetOf, planOf, specOf, stored, type Timed, uuidOf } from '../core/kit.ts';

/** Each rule of the gate by hand: one machine, one refusal, with the reason that an operator reads. */

const SPEC = specOf('node-01');
const OWN: Claims = { macs: SPEC.identity.macs, uuid: uuidOf(1), serial: 'CZJ0140K' };
const node = 'node-01';
const by = ACTOR;

interface Case {
  readonly events: readonly Timed[];
  readonly claims?: Claims;
  readonly ask?: Partial<Pick<GateQuestion, 'route' | 'token' | 'arch' | 'now'>>;
  readonly seconds?: number;
  readonly kind?: 'install' | 'reinstall' | 'wipe' | 'inspect' | 'rescue';
}

function answer({ events, claims = OWN, ask = {}, seconds = 100, kind = 'install' }: Case): GateAnswer {
  const fleet = apply(fleetOf(SPEC, specOf('node-02')), ...events);
  const plan = planOf(kind);
  return answerGate({
    fleet,
    route: 'script',
    at: at(seconds),
    identity: resolveIdentity(fleet, claims),
    token: 'match',
    arch: 'amd64',
    now: { planHash: plan.hash, configHash: plan.configHash, artefactsProven: true },
    ...ask,
  });
}

const arm = (kind: Case['kind'] = 'install', changes: Parameters<typeof armed>[1] = {}): readonly Timed[] => [
  [1, armed(kind ?? 'install', changes)],
  [1, stored()],
];

const script = (given: 'install' | 'wipe' | 'local', job = 'job-1'): EventBody => ({
  type: 'http.scriptAsked',
  node,
  address: '10.77.0.1',
  answer: given,
  reason: 'r',
  job,
  hardware: {},
});

const image = (kind: 'kernel' | 'initrd'): EventBody => ({ type: 'image.requested', node, image: kind, totalBytes: 9 });
const sent: EventBody = { type: 'image.sent', node, image: 'initrd', totalBytes: 9 };
const config: EventBody = { type: 'http.configServed', node, job: 'job-1', configHash: 'config-1' };
const discover = (xid: number): EventBody => ({
  type: 'dhcp.firmwareAsked',
  node,
  mac: SPEC.identity.macs[0] ?? '',
  arch: 7,
  firmware: 'uefi',
  xid,
  secs: 0,
  variant: 0,
  offered: 'ipxe.efi',
  reason: '',
});

const FOREIGN = planOf('reinstall', {
  foreign: true,
  profile: 'debian',
  configChecked: false,
  kernelArgs: ['quiet'],
  initrd: { path: 'debian/initrd.gz', sha256: 'a'.repeat(64), sizeBytes: 9 },
});
const foreign = (kind: 'install' | 'reinstall' | 'rescue' = 'reinstall'): readonly Timed[] => [
  [1, armed(kind, { plan: { ...FOREIGN, kind }, confirmed: node })],
  [1, stored()],
];

describe('a foreign system that writes disks', () => {
  const ask = (events: readonly Timed[], more: Partial<GateQuestion> = {}, seconds = 100) =>
    answer({ events, kind: 'reinstall', ask: more, seconds });
  const booted = [...foreign(), [9, script('install')], [12, image('kernel')]] as const;
  const taken = [...booted, [14, image('initrd')], [20, sent]] as const;

  test('is booted where its reinstall was armed by name', () => {
    expect(ask(foreign())).toMatchObject({ give: 'write', stage: 'install' });
    expect(ask(booted, { route: 'initrd' })).toMatchObject({ give: 'write' });
  });

  test.each<[string, readonly Timed[], Partial<GateQuestion>]>([
    ['as an install', foreign('install'), {}],
    ['as a rescue', foreign('rescue'), {}],
    [
      'without its host name',
      [
        [1, armed('reinstall', { plan: FOREIGN, confirmed: 'node-02' })],
        [1, stored()],
      ],
      {},
    ],
    ['once its images are complete', taken, {}],
    ['once its images are complete, for one of them', taken, { route: 'kernel' }],
    ['once it asked for its beacon', [...booted, [20, { type: 'http.handedOff', node }]], {}],
    ['in a boot after one that fetched anything of it', [...booted, [60, discover(2)]], {}],
    ['by DHCP after such a boot', booted, { route: 'dhcp' }],
    ['with another token', foreign(), { route: 'kernel', token: 'mismatch' }],
  ])('is not booted %s', (_name, events, more) => {
    expect(ask(events, more).give).toBe('local');
  });

  test('whose disk of ours fills up gets no first image, and all others of a boot whose first is noted', () => {
    const full: Timed = [15, { type: 'store.failed', reason: 'disk full' }];
    expect(ask([...foreign(), [9, script('install')], full], { route: 'kernel' })).toMatchObject({
      give: 'wait',
      unsaved: true,
      reason: 'not saving (disk full): a system whose hand-off is not noted is not booted',
    });
    expect(ask([...booted, full], { route: 'initrd' })).toMatchObject({ give: 'write' });
  });

  test('reads its files after it took over, in that boot alone', () => {
    expect(ask(taken, { route: 'config' })).toMatchObject({ give: 'seed' });
    expect(ask(taken, { route: 'config', token: 'mismatch' }).give).toBe('local');
    expect(ask([...taken, [90, discover(2)]], { route: 'config' }).give).toBe('local');
    expect(ask([...taken, [90, { type: 'operator.held', node, why: 'stop', by }]], { route: 'config' }).give).toBe(
      'local',
    );
    const panic: Timed = [90, { type: 'site.panicSwitched', on: true, by }];
    expect(ask([...taken, panic], { route: 'config' }).give).toBe('local');
  });

  test('of a script is spent by the script itself', () => {
    const plan = { ...FOREIGN, templateHash: 'b'.repeat(64) };
    const armedScript: readonly Timed[] = [
      [1, armed('reinstall', { plan, confirmed: node })],
      [1, stored()],
    ];
    expect(ask(armedScript)).toMatchObject({ give: 'write' });
    expect(ask([...armedScript, [9, script('install')]])).toMatchObject({ give: 'local', rule: 'unspent' });
  });

  test('of one file is spent when that file was sent whole', () => {
    const { initrd: _none, ...plan } = FOREIGN;
    const whole: EventBody = { type: 'image.sent', node, image: 'kernel', totalBytes: 9 };
    const events: readonly Timed[] = [
      [1, armed('reinstall', { plan, confirmed: node })],
      [1, stored()],
      [9, script('install')],
      [12, image('kernel')],
      [15, whole],
    ];
    expect(ask(events)).toMatchObject({ give: 'local', rule: 'unspent' });
  });
});

describe('a signed UKI', () => {
  const armedUki = (kind: 'install' | 'wipe' | 'inspect'): readonly Timed[] => [
    [1, armed(kind, { plan: planOf(kind, { uki: true, kernelArgs: [] }), confirmed: node })],
    [1, stored()],
  ];
  const ask = (events: readonly Timed[], more: Partial<Case> = {}) =>
    answer({ events, ...more, ask: { route: 'uki', token: 'absent', arch: undefined, ...more.ask } });

  test('goes to the machine that was armed for it, without any token', () => {
    expect(ask(armedUki('install'))).toMatchObject({ give: 'write', stage: 'install' });
    expect(ask(armedUki('inspect'), { kind: 'inspect' })).toMatchObject({ give: 'boot', what: 'inspect' });
  });

  test.each<[string, readonly Timed[], Partial<Case>, RegExp]>([
    ['unarmed', [], {}, /not armed/],
    ['armed for something else', arm(), {}, /no UKI/],
    ['to be wiped', armedUki('wipe'), { kind: 'wipe' }, /not armed/],
    ['of whom only the MAC is known', armedUki('install'), { claims: { macs: SPEC.identity.macs } }, /./],
    ['whose UUID is another one', armedUki('install'), { claims: { ...OWN, uuid: uuidOf(77) } }, /uuid/i],
    [
      'that took its configuration already',
      [...armedUki('install'), [9, image('kernel')], [60, { type: 'talos.phaseStarted', node, phase: 'install' }]],
      {},
      /has begun/,
    ],
  ])('does not go to a machine %s', (_name, events, more, reason) => {
    const given = ask(events, more);
    expect(given.give).not.toBe('write');
    expect(given.reason).toMatch(reason);
  });
});

describe('a job that expires in the middle of a boot', () => {
  const inTime = (kind: Case['kind'] = 'install', changes: Parameters<typeof armed>[1] = {}): readonly Timed[] => [
    ...arm(kind, { letsEnd: true, ...changes }),
    [1760, discover(1)],
    [1770, script(kind === 'wipe' || kind === 'reinstall' ? 'wipe' : 'install')],
    [1775, image('kernel')],
  ];
  const ask = (route: GateQuestion['route'], more: Partial<Case> = {}, token: GateQuestion['token'] = 'match') =>
    answer({ events: inTime(), seconds: 1810, ...more, ask: { route, token, arch: undefined, ...more.ask } });

  test.each(['kernel', 'initrd', 'config'] as const)('gives the %s that its script names', (route) => {
    expect(ask(route)).toMatchObject({ give: 'write', stage: 'install' });
    expect(ask(route, {}, 'mismatch').give).toBe('local');
    expect(ask(route, {}, 'absent').give).toBe('local');
  });

  test.each(['script', 'loader', 'dhcp', 'proxy', 'uki', 'image'] as const)('decides nothing new: %s', (route) => {
    expect(ask(route)).toMatchObject({ give: 'local', reason: 'its job has expired' });
  });

  test('gives a boot that wipes its images, and nothing that it would not have got before', () => {
    expect(ask('initrd', { events: inTime('wipe', { confirmed: node }), kind: 'wipe' })).toMatchObject({
      stage: 'wipe',
    });
    const wiping = { events: inTime('reinstall', { confirmed: node }), kind: 'reinstall' } as const;
    expect(ask('initrd', wiping)).toMatchObject({ give: 'write', stage: 'wipe' });
    expect(ask('config', wiping)).toMatchObject({ give: 'local', rule: 'wipeOnce' });
  });

  test.each<[string, readonly Timed[], number]>([
    ['a boot that was silent for as long as a kernel may be', inTime(), 1775 + 180],
    ['a boot that goes on for longer than it was armed', [...inTime(), [3590, image('initrd')]], 3601],
    ['another boot', [...inTime(), [1805, discover(2)]], 1810],
    ['a boot that asked for its script again and was sent to its disk', [...inTime(), [1805, script('local')]], 1810],
    ['a boot that was sent to its disk in time', [...arm('install', { letsEnd: true }), [1770, script('local')]], 1810],
    ['a boot that asked for no script in time', [...arm('install', { letsEnd: true }), [1770, discover(1)]], 1810],
    ['a job of an older version', [...arm(), [1760, discover(1)], [1770, script('install')]], 1810],
    ['what is on hold', [...inTime(), [1805, { type: 'operator.held', node, why: 'burnt', by }]], 1810],
    ['what was cancelled', [...inTime(), [1805, { type: 'operator.cancelled', node, by }]], 1810],
    ['anything while PANIC is on', [...inTime(), [1805, { type: 'site.panicSwitched', on: true, by }]], 1810],
  ])('does not let through %s', (_name, events, seconds) => {
    expect(ask('initrd', { events, seconds }).give).toBe('local');
  });
});

const REFUSED: readonly (readonly [string, Case, rule: string, reason: RegExp])[] = [
  ['nobody armed it', { events: [] }, 'explicit', /^not armed$/],
  ['its arming is not on disk', { events: [[1, armed('install')]] }, 'explicit', /not stored/],
  ['its job has expired', { events: arm(), seconds: 1900 }, 'explicit', /expired/],
  ['it is on hold', { events: [[1, { type: 'operator.held', node, why: 'burnt', by }]] }, 'explicit', /on hold: burnt/],
  ['it was cancelled', { events: [...arm(), [9, { type: 'operator.cancelled', node, by }]] }, 'explicit', /not armed/],
  [
    'the panic key is pressed',
    { events: [...arm(), [9, { type: 'site.panicSwitched', on: true, by }]] },
    'panic',
    /ada/,
  ],
  [
    'the installation has begun',
    { events: [...arm(), [9, script('install')], [20, { type: 'talos.phaseStarted', node, phase: 'install' }]] },
    'unspent',
    /has begun/,
  ],
  [
    'it fetched its configuration, reported nothing and came back',
    { events: [...arm(), [9, script('install')], [12, image('kernel')], [15, sent], [40, config], [90, discover(2)]] },
    'unspent',
    /has begun/,
  ],
  [
    'its fourth boot is the one that asks, though its DHCP was never seen',
    {
      events: [
        ...arm(),
        [100, script('install')],
        [1000, config],
        [1010, script('install')],
        [1100, config],
        [1110, script('install')],
        [1200, config],
      ],
      seconds: 1300,
    },
    'unspent',
    /all 3 attempts/,
  ],
  [
    'its script is the first that is seen after an install that nobody reported',
    { events: [...arm(), [9, script('install')], [12, image('kernel')], [15, sent], [40, config]] },
    'unspent',
    /has begun/,
  ],
  [
    'to ask now is to end the third boot that never came up',
    {
      events: [...arm('reinstall'), [9, script('wipe')], [40, script('install')], [80, script('install')]],
      kind: 'reinstall',
      seconds: 120,
    },
    'afterwards',
    /suspended \(LOOP\)/,
  ],
  ['only its MAC is known', { events: arm(), claims: { macs: SPEC.identity.macs } }, 'identity', /no UUID, serial/],
  ['its MAC is not on record', { events: arm(), claims: { macs: [], serial: 'CZJ0140K' } }, 'identity', /no MAC/],
  [
    'its serial is a placeholder',
    { events: arm(), claims: { macs: OWN.macs, serial: 'Default string' } },
    'identity',
    /./,
  ],
  [
    'its serial is another',
    { events: arm(), claims: { ...OWN, serial: 'X1' } },
    'identity',
    /it says serial X1, the inventory says/,
  ],
  [
    'its BMC names another machine',
    {
      events: [
        ...arm(),
        [
          9,
          {
            type: 'bmc.identityRead',
            node,
            identity: { vendor: 'x', serial: 'X1', macs: [], drives: [], bootTargets: [], canInsertMedia: false },
          },
        ],
      ],
    },
    'identity',
    /held: the BMC reports serial X1/,
  ],
  [
    'a later fault does not hide that conflict',
    {
      events: [
        ...arm(),
        [5, discover(1)],
        [
          9,
          {
            type: 'bmc.identityRead',
            node,
            identity: { vendor: 'x', serial: 'X1', macs: [], drives: [], bootTargets: [], canInsertMedia: false },
          },
        ],
        [10, { type: 'dhcp.rivalAnswered', node, server: '10.9.9.9', bootFile: 'evil.0', ack: true }],
        [11, { type: 'operator.retried', node, by }],
        [12, discover(2)],
      ],
    },
    'identity',
    /held/,
  ],
  [
    'it became protected after it was armed',
    {
      events: [
        ...arm(),
        [9, { type: 'inventory.loaded', nodes: [{ ...SPEC, protected: true }], site: 'lab', hash: 'x', warnings: [] }],
      ],
    },
    'fresh',
    /protected/,
  ],
  [
    'its install would not halt on a disk that holds a system',
    { events: arm('install', { plan: planOf('install', { kernelArgs: ['talos.platform=metal'] }) }) },
    'fresh',
    /does not halt/,
  ],
  [
    'its install carries a wipe in its arguments',
    { events: arm('install', { plan: planOf('install', { kernelArgs: ['talos.experimental.wipe=system'] }) }) },
    'fresh',
    /would wipe/,
  ],
  ['it cannot be made again', { events: arm(), ask: { now: undefined } }, 'artefacts', /cannot be made again/],
  [
    'its plan is another',
    { events: arm(), ask: { now: { planHash: 'x', configHash: 'config-1', artefactsProven: true } } },
    'artefacts',
    /no longer the one/,
  ],
  [
    'its images are not proven',
    { events: arm(), ask: { now: { planHash: 'plan-install', configHash: 'config-1', artefactsProven: false } } },
    'artefacts',
    /SHA-256/,
  ],
  [
    'its configuration changed',
    { events: arm(), ask: { now: { planHash: 'plan-install', configHash: 'x', artefactsProven: true } } },
    'artefacts',
    /configuration changed/,
  ],
  [
    'it has another architecture',
    { events: arm(), ask: { arch: 'arm64' } },
    'artefacts',
    /arm64, the plan is for amd64/,
  ],
  [
    'its wipe was booted: that boot gets no configuration',
    {
      events: [...arm('reinstall'), [9, script('wipe')], [12, image('kernel')]],
      kind: 'reinstall',
      ask: { route: 'config' },
      seconds: 20,
    },
    'wipeOnce',
    /only wipes/,
  ],
  [
    'a wipe job wiped once already',
    {
      events: [...arm('wipe'), [9, script('wipe')], [12, image('kernel')], [60, discover(2)]],
      kind: 'wipe',
      seconds: 70,
    },
    'wipeOnce',
    /does not go out again/,
  ],
  [
    'a wipe would go out and could not be noted',
    {
      events: [...arm('reinstall'), [9, { type: 'store.failed', reason: 'disk full' }]],
      kind: 'reinstall',
      ask: { route: 'kernel', token: 'match' },
    },
    'wipeOnce',
    /not saving \(disk full\)/,
  ],
  ['its token is of another attempt', { events: arm(), ask: { route: 'config', token: 'mismatch' } }, 'token', /token/],
  ['it has no token', { events: arm(), ask: { route: 'initrd', token: 'absent' } }, 'token', /token/],
  [
    'it loops: three boots ended before it came up',
    {
      events: [
        ...arm('reinstall'),
        [9, script('wipe')],
        [40, script('local')],
        [80, script('local')],
        [110, script('local')],
      ],
      kind: 'reinstall',
      seconds: 115,
    },
    'afterwards',
    /suspended \(LOOP\)/,
  ],
];

describe('local is the answer when', () => {
  test.each(REFUSED)('%s', (_name, asked, rule, reason) => {
    const given = answer(asked);
    expect(given).toMatchObject({ give: 'local', rule });
    expect(given.reason).toMatch(reason);
  });
});

describe('while nothing can be stored', () => {
  const kinds = ['install', 'reinstall', 'wipe', 'a foreign reinstall'] as const;
  const given = (which: (typeof kinds)[number], ask: Partial<GateQuestion>, since: readonly Timed[] = []) => {
    const kind = which === 'a foreign reinstall' ? 'reinstall' : which;
    const begun = which === kind ? arm(kind) : foreign();
    return answer({ events: [...begun, [9, { type: 'store.failed', reason: 'disk full' }], ...since], kind, ask });
  };

  test.each(kinds)('who is armed for %s waits for its script in iPXE, where all before leads it', (which) => {
    expect(given(which, { route: 'dhcp' }).give).toBe('write');
    expect(given(which, { route: 'loader' }).give).toBe('write');
    expect(given(which, {})).toEqual({
      give: 'wait',
      node: expect.objectContaining({ name: node }),
      unsaved: true,
      reason: 'not saving (disk full): it goes on when its script can be noted',
    });
    expect(given(which, {}, [[20, { type: 'store.recovered' }]]).give).toBe('write');
  });

  test('what a person wants of it, and what stands against it otherwise, counts as ever', () => {
    expect(given('wipe', {}, [[20, { type: 'operator.held', node, why: 'stop', by }]]).give).toBe('local');
    expect(given('wipe', {}, [[20, { type: 'operator.cancelled', node, by }]]).give).toBe('local');
    expect(given('install', { now: undefined }).give).toBe('local');
  });
});

const GIVEN: readonly (readonly [string, Case, expected: object])[] = [
  ['an armed machine, sure of itself, gets its install', { events: arm() }, { give: 'write', stage: 'install' }],
  [
    'UUIDs are the same in both byte orders',
    { events: arm(), claims: { macs: OWN.macs, uuid: '44454c4c-5600-1035-8052-000000000001' } },
    { give: 'write' },
  ],
  [
    'a firmware that does not give its UUID yet gets the loader only',
    { events: arm(), claims: { macs: OWN.macs }, ask: { route: 'dhcp' } },
    { give: 'lead' },
  ],
  [
    'a script that was served once is served again: serving spends nothing',
    { events: [...arm(), [9, script('install')]], seconds: 12 },
    { give: 'write', stage: 'install' },
  ],
  [
    'a configuration that was fetched is given again while nothing began',
    { events: [...arm(), [9, script('install')], [40, config]], ask: { route: 'config' } },
    { give: 'write', stage: 'install' },
  ],
  ['a reinstall wipes first', { events: arm('reinstall'), kind: 'reinstall' }, { give: 'write', stage: 'wipe' }],
  [
    'a wipe script whose answer was lost is given again in the same boot',
    { events: [...arm('reinstall'), [9, script('wipe')]], kind: 'reinstall', seconds: 12 },
    { give: 'write', stage: 'wipe' },
  ],
  [
    'but not after an image of it was fetched',
    { events: [...arm('reinstall'), [9, script('wipe')], [10, image('kernel')]], kind: 'reinstall', seconds: 12 },
    { give: 'write', stage: 'install' },
  ],
  [
    'and not in another boot',
    { events: [...arm('reinstall'), [9, script('wipe')]], kind: 'reinstall', seconds: 40 },
    { give: 'write', stage: 'install' },
  ],
  [
    'the images of the wipe go out in its boot',
    { events: [...arm('reinstall'), [9, script('wipe')]], kind: 'reinstall', seconds: 12, ask: { route: 'kernel' } },
    { give: 'write', stage: 'wipe' },
  ],
  [
    'the boot after the wipe installs',
    {
      events: [...arm('reinstall'), [9, script('wipe')], [12, image('kernel')], [60, discover(2)]],
      kind: 'reinstall',
      seconds: 70,
    },
    { give: 'write', stage: 'install' },
  ],
  [
    'a crash that lost the line of the wipe script does not send it twice',
    { events: [...arm('reinstall'), [12, image('kernel')], [60, discover(2)]], kind: 'reinstall', seconds: 70 },
    { give: 'write', stage: 'install' },
  ],
  ['inspection boots without writing', { events: arm('inspect'), kind: 'inspect' }, { give: 'boot', what: 'inspect' }],
  [
    'a stranger gets nothing',
    { events: arm(), claims: { macs: ['52:54:00:99:99:99'] } },
    { give: 'nothing', rule: 'stranger' },
  ],
  [
    'a stranger boots into maintenance while discovery is on',
    { events: [[1, { type: 'site.discoverySwitched', until: at(500), by }]], claims: { macs: ['52:54:00:99:99:99'] } },
    { give: 'boot', what: 'discover' },
  ],
  [
    'and no longer',
    { events: [[1, { type: 'site.discoverySwitched', until: at(50), by }]], claims: { macs: ['52:54:00:99:99:99'] } },
    { give: 'nothing', rule: 'stranger' },
  ],
  [
    'a stranger never gets a configuration',
    {
      events: [[1, { type: 'site.discoverySwitched', until: at(500), by }]],
      claims: { macs: ['52:54:00:99:99:99'] },
      ask: { route: 'config' },
    },
    { give: 'nothing', rule: 'stranger' },
  ],
  [
    'names of two machines at once get nothing',
    { events: arm(), claims: { macs: [SPEC.identity.macs[0] ?? '', '52:54:00:00:00:02'] } },
    { give: 'nothing', rule: 'identity' },
  ],
];

test.each(GIVEN)('%s', (_name, asked, expected) => {
  expect(answer(asked)).toMatchObject(expected);
});

import { bmcLineText, worstOf } from '../../core/bmc-log.ts';
import { progressText } from '../../core/boot-progress.ts';
import { adviceOf, causeOf } from '../../core/cause.ts';
import { type DriftAction, ignoredBy } from '../../core/drift.ts';
import type { Fleet } from '../../core/fleet.ts';
import type { Attempt, NodeState } from '../../core/node.ts';
import { protectionOf } from '../../core/protection.ts';
import { valuesOf } from '../../core/shard-map.ts';
import { renderAge, renderSpan } from '../format/duration.ts';
import { renderSize } from '../format/size.ts';
import type { ActionId } from '../keys/action-id.ts';
import { keyIn } from '../keys/keymap.ts';
import { linkText, machineText } from '../select/machine-text.ts';
import { medianOf } from '../select/median-boot.ts';
import { addressOf, imageOf, reasonOf } from '../select/node-look.ts';
import { bootEnd, type TimelineStep, timelineOf } from '../select/timeline.ts';
import { fitText, showText, wrapText } from '../terminal/fit-text.ts';
import type { Theme, Tone } from '../terminal/theme.ts';
import type { FrameLine } from '../widgets/frame.ts';
import type { Scene } from '../widgets/scene.ts';
import type { Span } from '../widgets/spans.ts';

/** Pieces of the node's screen, each a list of lines for a pane of a given width. */

const STEP_TONES: { readonly [S in TimelineStep['state']]: Tone } = {
  done: 'ready',
  working: 'busy',
  failed: 'bad',
  waiting: 'dim',
};

export function stepSign(theme: Theme, state: TimelineStep['state']): Span {
  const { done, working, failed, waiting } = theme.glyphs;
  const sign = { done, working, failed, waiting }[state];
  return [sign.padEnd(theme.set === 'ascii' ? 2 : 1), STEP_TONES[state]];
}

export function timelineLines(scene: Scene, node: NodeState, width: number): readonly FrameLine[] {
  const { model, theme } = scene;
  const shown = node.attempt ?? node.pastAttempts.at(-1);
  const steps = timelineOf(node, shown, model.nowMs);
  const hasTotal = width >= 34;
  const room = width - 3 - 8 - (hasTotal ? 9 : 0);
  const age = (ms: number | undefined, columns: number) =>
    ms === undefined ? ' '.repeat(columns) : fitText(renderAge(ms), columns, 'right');
  const head: FrameLine = [
    [
      `${fitText('TIMELINE', room + 3)}${fitText('took', 8, 'right')}${hasTotal ? fitText('total', 9, 'right') : ''}`,
      'bold',
    ],
  ];
  const lines = steps.map(
    (step): FrameLine => [
      stepSign(theme, step.state),
      ` ${fitText(showText(step.title, theme.set), room + (theme.set === 'ascii' ? 0 : 1))}`,
      age(step.tookMs, 8),
      hasTotal ? age(step.totalMs, 9) : '',
    ],
  );
  const median = medianOf(model.view.medians, node);
  const note: readonly FrameLine[] =
    median === undefined || node.job === undefined
      ? []
      : [[[`median here ${renderAge(median.ms)} (${median.runs} ${median.runs === 1 ? 'run' : 'runs'})`, 'dim']]];
  if (steps.length === 0) return [head, [['nothing was seen of it yet', 'dim']], ...pastLines(node, theme)];
  return [head, ...lines, ...note, ...pastLines(node, theme)];
}

function pastLines(node: NodeState, theme: Theme): readonly FrameLine[] {
  return node.pastAttempts
    .slice(-3)
    .toReversed()
    .map(
      (attempt): FrameLine => [[`attempt ${attempt.number}: ${showText(pastText(node, attempt), theme.set)}`, 'dim']],
    );
}

/** How far it came and how long that took; what ended it later is another matter. */
function pastText(node: NodeState, attempt: Attempt): string {
  const took = renderAge(bootEnd(node, attempt, attempt.closedAt ?? attempt.openedAt) - attempt.openedAt);
  const [, why = '', where = ''] = /^(.*) in (\w+)$/.exec(attempt.end ?? '') ?? [];
  if (attempt.way.some((step) => step.phase === 'ready')) {
    const then = why === '' ? '' : `, later ${why === 'armed' ? 'armed anew' : why}`;
    return `ready in ${took}${then}`;
  }
  if (why === 'armed') return `in ${where} when the next job was armed (${took})`;
  return `${attempt.end ?? 'ended'} (${took})`;
}

/** Why, and what to try: cause and advice of the code, what was seen, and the keys that help. */
export function whyLines({ model, theme }: Scene, node: NodeState, width: number): readonly FrameLine[] {
  const wrap = (text: string, tone: Tone = 'plain'): readonly FrameLine[] =>
    wrapText(showText(text, theme.set), width).map((line): FrameLine => [[line, tone]]);
  const lines: FrameLine[] = [];
  if (node.health.is !== 'ok') {
    lines.push([[node.health.is === 'failed' ? 'WHY IT FAILED' : `WHY (${node.health.is})`, 'bold']]);
    lines.push(
      ...wrap(causeOf(node.health.code)),
      ...(node.health.detail === '' ? [] : wrap(node.health.detail, 'bad')),
    );
    lines.push([], [['TRY', 'bold']], ...wrap(adviceOf(node.health.code)));
    const key = (action: ActionId) => keyIn(model.keymap, 'node', action);
    lines.push([
      [`${key('retry')} retry   ${key('install')} install   ${key('serial')} console   ${key('hold')} hold`, 'dim'],
    ]);
  } else if (reasonOf(node) !== '') {
    lines.push([['NOTE', 'bold']], ...wrap(reasonOf(node)));
  }
  if (node.ask !== undefined && node.health.is !== 'ok')
    lines.push([], [['AT THE MACHINE', 'bold']], ...wrap(node.ask, 'warn'));
  lines.push(...driftLines({ theme }, node, width));
  if (node.phase.is === 'running' && node.phase.unmet.length > 0)
    lines.push([['NOT READY YET', 'bold']], ...node.phase.unmet.flatMap((one) => wrap(one)));
  return lines;
}

/** Why, and below it what that rests on: a fault hides no evidence. Where nothing is wrong the evidence is the story. */
export function storyLines(scene: Scene, node: NodeState, width: number, most = EVIDENCE_SHOWN): readonly FrameLine[] {
  const why = whyLines(scene, node, width);
  const evidence = evidenceLines(scene, node, width, why.length === 0 ? EVIDENCE_SHOWN : most);
  return why.length === 0 ? evidence : [...why, [], ...evidence];
}

const EVIDENCE_SHOWN = 12;

/** Each difference from the inventory, and what brings the two together again. */
function driftLines({ theme }: Pick<Scene, 'theme'>, node: NodeState, width: number): readonly FrameLine[] {
  const drift = node.drift ?? [];
  if (drift.length === 0) return [];
  const wrap = (text: string, tone: Tone): readonly FrameLine[] =>
    wrapText(showText(text, theme.set), width - 2).map((line): FrameLine => ['  ', [line, tone]]);
  const lines = drift.flatMap((one): readonly FrameLine[] => {
    const by = ignoredBy(node, one);
    const fate =
      by === undefined ? one.actions.map((action) => RESOLVES[action]).join(', ') : `ignored by ${by.by.user}`;
    return [
      [[fitText(one.field, width), by === undefined ? 'warn' : 'dim']],
      ...wrap(`inventory ${one.desired}`, 'plain'),
      ...wrap(`machine   ${one.observed}`, by === undefined ? 'warn' : 'dim'),
      ...wrap(fate, 'dim'),
    ];
  });
  return [
    [],
    [
      ['DIFFERS FROM THE INVENTORY', 'bold'],
      ['   F: what to do', 'dim'],
    ],
    ...lines,
  ];
}

const RESOLVES: { readonly [A in DriftAction]: string } = {
  applyConfig: 'apply config',
  reinstall: 'reinstall',
  adopt: 'adopt',
  inspect: 'inspect',
  ignore: 'ignore',
};

/** Why we believe what we say: newest evidence first, with its class and age. */
export function evidenceLines(
  { model, theme }: Scene,
  node: NodeState,
  width: number,
  most = EVIDENCE_SHOWN,
): readonly FrameLine[] {
  const head: FrameLine = [
    ['EVIDENCE', 'bold'],
    [`  the phase rests on: ${node.phaseFrom}`, 'dim'],
  ];
  const lines = node.evidence
    .slice(-most)
    .toReversed()
    .map(
      (one): FrameLine => [
        [fitText(renderAge(model.nowMs - one.at), 6, 'right'), 'dim'],
        ` ${fitText(one.from, 5)} ${fitText(showText(one.text, theme.set), Math.max(8, width - 13))}`,
      ],
    );
  return [head, ...(lines.length === 0 ? [[['none yet', 'dim']] as FrameLine] : lines)];
}

/** Identity, addresses, BMC, lease, disks: what the inventory says and what was seen, each with its age. */
export function factLines(scene: Scene, node: NodeState, width: number): readonly FrameLine[] {
  const { theme } = scene;
  const line: FactLine = (label, text, tone = 'plain') =>
    text === ''
      ? []
      : wrapText(showText(text, theme.set), Math.max(10, width - 9)).map(
          (part, at): FrameLine => [
            [fitText(at === 0 ? label : '', 9), 'dim'],
            [part, tone],
          ],
        );
  return [
    [['FACTS', 'bold']],
    ...identityLines(scene, node, line),
    ...hardwareLines(scene, node, line),
    ...apiLines(scene, node, line),
    ...pastFacts(scene, node, line),
  ];
}

type FactLine = (label: string, text: string, tone?: Tone) => readonly FrameLine[];

const joined = (...parts: readonly (string | undefined)[]): string =>
  parts.filter((part) => part !== undefined && part !== '').join(', ');

/** What was seen, and what the inventory says where that differs. */
function identityLines({ model }: Scene, node: NodeState, line: FactLine): readonly FrameLine[] {
  const { seen, spec } = node;
  const both = (want: string | undefined, have: string | undefined): string => {
    const isDrift = want !== undefined && have !== undefined && want.toLowerCase() !== have.toLowerCase();
    return `${have ?? want ?? '-'}${isDrift ? ` (inventory: ${want})` : ''}`;
  };
  const slot = spec.place.slot === undefined ? undefined : `slot ${spec.place.slot}`;
  return [
    ...line('serial', both(spec.identity.serial, seen.serial)),
    ...line('uuid', both(spec.identity.uuid, seen.uuid)),
    ...line('product', seen.product ?? ''),
    ...line('macs', [...new Set([...spec.identity.macs, ...(seen.mac === undefined ? [] : [seen.mac])])].join(' ')),
    ...line('address', `${addressOf(node) || '-'}${leaseText(model.fleet, node, model.nowMs)}`),
    ...line('firmware', joined(seen.firmware ?? spec.firmware, spec.arch, slot)),
    ...line('role', joined(spec.role, spec.cluster, spec.profile)),
  ];
}

function hardwareLines(scene: Scene, node: NodeState, line: FactLine): readonly FrameLine[] {
  const { model } = scene;
  const { seen, spec } = node;
  const read = seen.bmcAt === undefined ? '' : `, read ${renderSpan(model.nowMs - seen.bmcAt)} ago`;
  return [
    ...line('bmc', spec.bmc === undefined ? 'none' : `${spec.bmc.url}, power ${powerText(node, model.nowMs)}${read}`),
    ...line('', seen.bmcProblem ?? '', 'bad'),
    ...bmcTold(scene, node, line),
    ...line('hardware', hardwareText(node)),
    ...machineLines(node, line),
    ...diskLines(node, line),
  ];
}

/** How far its firmware is, and the worst of its hardware log: both by the word of its BMC. */
function bmcTold({ model }: Scene, { seen }: NodeState, line: FactLine): readonly FrameLine[] {
  const { bootProgress, bmcLog } = seen;
  const worst = worstOf(bmcLog?.lines ?? []);
  return [
    ...line(
      'progress',
      bootProgress === undefined
        ? ''
        : `${progressText(bootProgress.state)}, ${renderSpan(model.nowMs - bootProgress.at)} ago`,
    ),
    ...line('bmc log', worst === undefined ? '' : bmcLineText(worst, model.nowMs)),
  ];
}

/** What Talos told of the machine below it, and the certificate by which it was told in maintenance mode. */
function machineLines({ seen, attempt }: NodeState, line: FactLine): readonly FrameLine[] {
  const shown = attempt?.certificate;
  const certificate =
    shown === undefined
      ? ''
      : `${shown.fingerprint} (${shown.by === 'log' ? 'by its log' : 'as its API showed it first'})`;
  if (seen.machine === undefined) return line('cert', certificate);
  return [
    ...line('talos hw', machineText(seen.machine)),
    ...seen.machine.links.flatMap((link) => line('', linkText(link))),
    ...line('cert', certificate),
  ];
}

/** What its own API told: services that are not healthy come first. */
function apiLines({ model }: Scene, { seen }: NodeState, line: FactLine): readonly FrameLine[] {
  const { api } = seen;
  if (api === undefined) return [];
  const bad = api.services.filter((one) => one.healthy === false);
  const told = `${renderSpan(model.nowMs - api.at)} ago`;
  return [
    ...line(
      'api',
      api.problem === undefined ? joined(api.version, api.stage, `asked ${told}`) : api.problem,
      api.problem === undefined ? 'plain' : 'bad',
    ),
    ...line(
      'services',
      api.services.length === 0
        ? ''
        : `${api.services.length - bad.length} of ${api.services.length} not failing: ${api.services.map((one) => one.id).join(' ')}`,
    ),
    ...bad.flatMap((one) => line('', `${one.id}: ${one.state} ${one.message}`, 'bad')),
  ];
}

function pastFacts({ model }: Scene, node: NodeState, line: FactLine): readonly FrameLine[] {
  const { seen, ignored } = node;
  const jobs = node.endedJobs.slice(-3).map((job) => [job.kind, job.outcome, job.code].filter(Boolean).join(' '));
  const installed =
    seen.installedAt === undefined ? '' : `${renderSpan(model.nowMs - seen.installedAt)} ago, ${imageOf(node)}`;
  return [
    ...line('installed', installed),
    ...line('guards', joined(protectionOf(node) ?? '', node.locate ? 'LED on' : ''), 'warn'),
    ...line('jobs', jobs.join(', ')),
    ...line(
      'ignored',
      ignored.count === 0 ? '' : `${ignored.count} events that meant nothing here, last: ${ignored.last ?? ''}`,
    ),
  ];
}

export function powerText(node: NodeState, nowMs: number): string {
  return node.power.is === 'unknown'
    ? `unknown since ${renderSpan(nowMs - node.power.since)}`
    : `${node.power.is} (${renderSpan(nowMs - node.power.readAt)} ago)`;
}

function leaseText(fleet: Fleet, node: NodeState, nowMs: number): string {
  for (const lease of valuesOf(fleet.leases)) {
    if (lease.node === node.name) return `, lease for ${renderSpan(Math.max(0, lease.until - nowMs))}`;
  }
  return '';
}

function hardwareText({ seen }: NodeState): string {
  const { bmc } = seen;
  if (bmc === undefined) return '';
  const cpu = bmc.processors === undefined ? '' : `${bmc.processors.count}x ${bmc.processors.model ?? 'CPU'}`;
  return [
    bmc.vendor,
    bmc.model ?? '',
    cpu,
    bmc.memoryGiB === undefined ? '' : `${bmc.memoryGiB} GiB`,
    bmc.health === undefined || bmc.health === 'ok' ? '' : `health ${bmc.health}`,
  ]
    .filter(Boolean)
    .join(', ');
}

function diskLines(
  { seen }: NodeState,
  line: (label: string, text: string) => readonly FrameLine[],
): readonly FrameLine[] {
  const known = seen.disks?.map(
    (disk) =>
      `${disk.name} ${renderSize(disk.sizeBytes)}${disk.serial === undefined ? '' : ` sn ${disk.serial}`}${disk.holds === undefined || disk.holds.length === 0 ? '' : ` holds ${disk.holds.join(' ')}`}`,
  );
  const told = seen.bmc?.drives.map(
    (drive) => `${drive.name} ${renderSize(drive.sizeBytes)}${drive.serial === undefined ? '' : ` sn ${drive.serial}`}`,
  );
  return (known ?? told ?? []).flatMap((text, at) => line(at === 0 ? 'disks' : '', text));
}

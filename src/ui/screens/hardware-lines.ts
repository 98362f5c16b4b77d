import { bmcDoubt } from '../../core/bmc-conflict.ts';
import { bmcLineText, worstOf } from '../../core/bmc-log.ts';
import { progressText } from '../../core/boot-progress.ts';
import { leftoverText, leftText } from '../../core/leftover.ts';
import type { NodeState } from '../../core/node.ts';
import { renderSpan } from '../format/duration.ts';
import { renderSize } from '../format/size.ts';
import { linkText, machineText } from '../select/machine-text.ts';
import type { Tone } from '../terminal/theme.ts';
import type { FrameLine } from '../widgets/frame.ts';
import type { Scene } from '../widgets/scene.ts';

export type FactLine = (label: string, text: string, tone?: Tone) => readonly FrameLine[];

export const joined = (...parts: readonly (string | undefined)[]): string =>
  parts.filter((part) => part !== undefined && part !== '').join(', ');

export function hardwareLines(scene: Scene, node: NodeState, line: FactLine): readonly FrameLine[] {
  const { model } = scene;
  const { seen, spec } = node;
  const read = seen.bmcAt === undefined ? '' : `, read ${renderSpan(model.nowMs - seen.bmcAt)} ago`;
  return [
    ...line('bmc', spec.bmc === undefined ? 'none' : `${spec.bmc.url}, power ${powerText(node, model.nowMs)}${read}`),
    ...line('', seen.bmcProblem ?? '', 'bad'),
    ...line('', bmcDoubt(node) ?? '', 'warn'),
    ...line('override', leftText(node) ?? leftoverText(node) ?? '', 'warn'),
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

export function powerText(node: NodeState, nowMs: number): string {
  return node.power.is === 'unknown'
    ? `unknown since ${renderSpan(nowMs - node.power.since)}`
    : `${node.power.is} (${renderSpan(nowMs - node.power.readAt)} ago)`;
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

import type { JobKind, Plan } from '../core/job.ts';
import type { NodeState } from '../core/node.ts';
import { isProtected } from '../core/protection.ts';
import type { PlanShown } from '../engine/engine-ports.ts';
import { bootWay, wayText } from './boot-way.ts';
import { driftLines, driftRows } from './drift-lines.ts';

/** One machine's plan as `plan` shows it, whoever made it. */
export interface PlanView {
  readonly node: NodeState;
  readonly plan: Plan;
  readonly shown: Pick<PlanShown, 'script' | 'kernelArgs' | 'config' | 'warnings' | 'image' | 'checked'>;
  /** Why it would not be armed now, by the engine. */
  readonly refusals: readonly string[];
  /** Whose inventory this is, and who has seen the machine. */
  readonly source: string;
}

export function planJson({ node, plan, shown, refusals, source }: PlanView, kind: JobKind): object {
  return {
    node: node.name,
    kind,
    source,
    plan: { ...plan, kernelArgs: shown.kernelArgs },
    script: shown.script,
    config: shown.config,
    ...(shown.checked === undefined ? {} : { talosctl: shown.checked }),
    boot: bootWay(node),
    ...(refusals.length === 0 ? {} : { refusals }),
    warnings: shown.warnings,
    drift: driftRows(node),
  };
}

function placeText({ rack, unit }: NodeState['spec']['place']): string {
  const parts = [...(rack === undefined ? [] : [rack]), ...(unit === undefined ? [] : [`U${unit}`])];
  return parts.length === 0 ? '' : `${parts.join(' ')}   `;
}

export function planText({ node, plan, shown, refusals, source }: PlanView): string {
  const { spec } = node;
  const { identity, bmc } = spec;
  const way = bootWay(node);
  const names = [
    identity.macs.map((mac) => `mac ${mac}`),
    identity.uuid === undefined ? [] : [`uuid ${identity.uuid}`],
    identity.serial === undefined ? [] : [`serial ${identity.serial}`],
    identity.boardSerial === undefined ? [] : [`board serial ${identity.boardSerial}`],
    identity.asset === undefined ? [] : [`asset ${identity.asset}`],
    identity.switchPort === undefined ? [] : [`switch port ${identity.switchPort}`],
  ].flat();
  const lines = [
    `== ${spec.name}: ${plan.kind}, profile ${plan.profile}, ${shown.image}, ${plan.arch}`,
    `source     ${source}`,
    `identity   ${names.join(', ') || 'none'}${identity.macs.length === 0 ? ': no macs, so it cannot be armed' : ''}`,
    `place      ${placeText(spec.place)}role ${spec.role}${spec.cluster === undefined ? '' : ` of ${spec.cluster}`}${isProtected(node) ? '   PROTECTED' : ''}`,
    `disk       ${plan.disk.sure ? plan.disk.why : `NOT SURE: ${plan.disk.why}`}`,
    ...[plan.kernel, plan.initrd].flatMap((file) =>
      file === undefined
        ? []
        : [`image      ${file.path}  ${(file.sizeBytes / 1e6).toFixed(1)} MB  sha256 ${file.sha256.slice(0, 16)}`],
    ),
    `plan hash  ${plan.hash}`,
    ...(shown.checked === undefined ? [] : [`config     ${shown.checked}`]),
    `boot       ${wayText(way)}${bmc === undefined ? '' : ` ${bmc.url}`}${plan.resetFirst === true ? '; Talos is told to reset itself first, where it runs' : ''}`,
    ...way.steps.map((step) => `           - ${step}`),
    ...refusals.map((why) => `REFUSED    ${why}`),
    ...driftLines(node).map((line) => `DIFFERS    ${line.slice(node.name.length + 2)}`),
    ...[...shown.warnings, ...way.warnings].map((warning) => `WARNING    ${warning}`),
    '',
    '-- kernel arguments',
    ...shown.kernelArgs,
    '',
    '-- boot script',
    shown.script.trimEnd(),
    ...(shown.config === '' ? [] : ['', '-- machine configuration (secrets masked)', shown.config.trimEnd()]),
  ];
  return `${lines.join('\n')}\n\n`;
}

import { createHash } from 'node:crypto';
import type { Plan } from '../core/job.ts';
import type { NodeState } from '../core/node.ts';
import type { Rendered } from '../core/ports.ts';
import { fail, ok, type Result } from '../core/result.ts';
import type { Planned, PlanShown } from '../engine/engine-ports.ts';
import { type DiffLine, diffMarked, diffText } from '../talos/diff-config.ts';
import { type MaskedConfig, maskConfig, readMasks } from '../talos/mask-config.ts';
import { maskText } from '../talos/mask-text.ts';
import { MARKS } from './config-memory.ts';
import type { PlannerParts } from './planner-parts.ts';

/** Everything of a plan that is told beside it. */
export interface PlanNotes {
  /** The file that says what its boot script is made from. */
  readonly place: string;
  readonly image: string;
  readonly warnings: readonly string[];
  /** What talosctl said of the configuration. */
  readonly checked?: string;
}

export const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex');

/** The hash over everything that was confirmed; two plans with one hash serve the same bytes. */
export function sealPlan(plan: Omit<Plan, 'hash'>): Plan {
  const sealed = Object.entries(plan).sort(([a], [b]) => (a < b ? -1 : 1));
  return { ...plan, hash: hashOf(JSON.stringify(sealed)) };
}

/**
 * Puts beside what would be served how it is shown. Without a script the machine would boot its disk again and again.
 *
 * Masked and compared only when somebody looks: that is as much work as the plan itself, and who arms a thousand machines
 * or starts again with them looks at none.
 */
export function showPlan(parts: PlannerParts, node: NodeState, rendered: Rendered, notes: PlanNotes): Result<Planned> {
  const { plan } = rendered;
  const made = parts.script(node.spec, rendered);
  if (!made.ok) return fail(`profile ${plan.profile} has no boot script (${notes.place}): ${maskText(made.error)}`);
  let shown: PlanShown | undefined;
  return ok({
    rendered,
    get shown() {
      shown ??= shownOf(parts, node.name, rendered, notes, maskText(made.value));
      return shown;
    },
  });
}

function shownOf(parts: PlannerParts, name: string, rendered: Rendered, notes: PlanNotes, script: string): PlanShown {
  const { plan, configText } = rendered;
  const lastScript = parts.configs?.recallScript(name);
  const config = configText === undefined ? undefined : readMasks(configText);
  return {
    script,
    kernelArgs: plan.kernelArgs.map((arg) => maskText(arg)),
    config: config?.() ?? maskedTexts(rendered),
    ...(config === undefined ? {} : differenceOf(parts, name, config)),
    ...(lastScript === undefined ? {} : { scriptDiff: signed(diffText(lastScript, script)) }),
    warnings: [...notes.warnings, ...(plan.disk.sure ? [] : [plan.disk.why])],
    image: notes.image,
    ...(notes.checked === undefined ? {} : { checked: notes.checked }),
  };
}

function maskedTexts({ cloudInit = {} }: Rendered): string {
  return Object.entries(cloudInit)
    .map(([name, text]) => `# ${name}\n${maskConfig(text)}`)
    .join('\n');
}

/** Empty where both are equal, absent where none is remembered to compare with. */
export function differenceOf({ configs }: PlannerParts, name: string, config: MaskedConfig): Pick<PlanShown, 'diff'> {
  const before = configs?.recall(name);
  if (before === undefined || configs === undefined) return {};
  return { diff: signed(diffMarked(before, config(configs.nameSecret), MARKS)) };
}

const SIGNS = { added: '+', removed: '-', same: ' ', skipped: '@' } as const;

const signed = (lines: readonly DiffLine[]): readonly string[] =>
  lines.map((line) => `${SIGNS[line.kind]}${line.kind === 'skipped' ? ' ' : ''}${line.text}`);

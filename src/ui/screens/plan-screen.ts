import { type JobKind, WRITES_DISK } from '../../core/job.ts';
import type { NodePreview, PreviewKind } from '../../link/screen-port.ts';
import { renderSize } from '../format/size.ts';
import { PLAN_KINDS, type PlanState, planKey } from '../state/screen-model.ts';
import { routeOf } from '../state/ui-state.ts';
import { showText, wrapText } from '../terminal/fit-text.ts';
import type { FrameLine } from '../widgets/frame.ts';
import { type Box, padLines, type Scene } from '../widgets/scene.ts';
import { renderEnds, renderSpans, type Span, spansWidth } from '../widgets/spans.ts';
import { tabSpans } from '../widgets/tabs.ts';

/** Everything that would be sent to a machine, secrets masked: disks, script, kernel arguments, configuration, difference. */
export function renderPlanScreen(scene: Scene, box: Box): string[] {
  const { model, theme } = scene;
  const route = routeOf(model.ui);
  if (route.is !== 'plan') return padLines([], box);
  const lines = pageLines(scene, model.plans.get(planKey(route.node, route.job)), route.job, box.width - 2);
  const room = Math.max(1, box.height - 2);
  const scroll = Math.min(route.scroll, Math.max(0, lines.length - room));
  const more = lines.length > room ? ` ${scroll + 1}-${Math.min(lines.length, scroll + room)} of ${lines.length}` : '';
  return padLines(
    [
      renderEnds(theme, [' ', ...kindSpans(route.job, box.width - more.length - 2)], [more], box.width),
      theme.glyphs.horizontal.repeat(box.width),
      ...lines.slice(scroll, scroll + room).map((line) => renderSpans(theme, [' ', ...line], box.width)),
    ],
    box,
  );
}

/** All kinds where they fit, else the one that is open and how many there are. */
function kindSpans(kind: JobKind, room: number): readonly Span[] {
  const tabs = tabSpans(PLAN_KINDS, kind);
  if (spansWidth(tabs) <= room) return tabs;
  return [[`[${kind}]`, 'bold'], ` ${PLAN_KINDS.indexOf(kind) + 1} of ${PLAN_KINDS.length}`];
}

function pageLines(scene: Scene, plan: PlanState | undefined, kind: JobKind, width: number): readonly FrameLine[] {
  if (plan === undefined) return [[['The plan is being made ...', 'dim']]];
  if (plan.is === 'failed')
    return wrapText(`No plan: ${showText(plan.reason, scene.theme.set, 600)}`, width).map(
      (line): FrameLine => [[line, 'bad']],
    );
  const fate = wrapText(ENDS_IN[kind], width).map((line): FrameLine => [[line, WRITES_DISK[kind] ? 'bold' : 'plain']]);
  return [...fate, [], ...planLines(scene, plan.preview, width, kind)];
}

/** What becomes of the machine; whether it can be undone is part of it. */
const ENDS_IN: { readonly [K in JobKind]: string } = {
  install: 'Installs to the disk below; halts and touches nothing where a system is found. Undo: none.',
  reinstall: 'ERASES what is marked below and installs again. Undo: none.',
  wipe: 'ERASES what is marked below and leaves the machine empty. Undo: none.',
  inspect: 'Boots into maintenance mode; halts where Talos is on a disk. Writes nothing; what runs there now ends.',
  rescue: 'Boots a system in memory; Talos halts where it is on a disk. Writes nothing; what runs there now ends.',
};

/** What would be erased comes first: the page is also the upper part of every dialog that destroys. */
export function planLines(scene: Scene, plan: NodePreview, width: number, kind?: PreviewKind): readonly FrameLine[] {
  return [...blastLines(scene, plan, width, kind), ...textLines(scene, plan, width)];
}

export function blastLines(
  { theme }: Scene,
  plan: NodePreview,
  width: number,
  kind?: PreviewKind,
): readonly FrameLine[] {
  const show = (text: string) => showText(text, theme.set);
  const labelled = (label: string, texts: readonly string[], tone?: 'bad' | 'warn'): readonly FrameLine[] =>
    texts.flatMap((text, at) =>
      wrapText(show(text), width - 9).map(
        (part, row): FrameLine => [
          [at === 0 && row === 0 ? label.padEnd(9) : ' '.repeat(9), 'dim'],
          tone === undefined ? part : ([part, tone] as Span),
        ],
      ),
    );
  const disks = plan.disks.map((disk) => erasedLine(disk, plan.plan?.foreign === true ? undefined : kind));
  const shownNow = labelled('now', plan.now);
  const shownDisks = labelled(
    'disks',
    disks.length === 0 ? ['unknown: nothing was read from this machine yet'] : disks,
  );
  // In a small window what would be erased is the part that must not need a key to be seen.
  return [
    ...(width < 50 ? [...shownDisks, ...shownNow] : [...shownNow, ...shownDisks]),
    ...labelled('image', [[plan.image ?? '', plan.profile ?? ''].filter(Boolean).join(', profile ')].filter(Boolean)),
    ...labelled('refused', plan.refusals, 'bad'),
    ...labelled('warning', plan.warnings, 'warn'),
  ];
}

/** An install halts before it writes where a system is found: what it says of the disk must say so too. */
export function erasedLine(disk: NodePreview['disks'][number], kind: PreviewKind | undefined): string {
  const fate = !disk.erased ? 'kept   ' : kind === 'install' ? 'ERASED unless a system is found: ' : 'ERASED ';
  if (disk.whichever === true) return `${fate}the disk that holds Talos by then; which one it is was not seen`;
  if (disk.unseen === true)
    return `${fate}${disk.serial === undefined ? disk.name : `sn ${disk.serial}`}, as the inventory names it; size unknown, it was not seen yet`;
  const serial = disk.serial === undefined ? '' : ` (sn ${disk.serial})`;
  const holds = disk.holds.length === 0 ? '' : `, holds ${disk.holds.join(' ')}`;
  return `${fate}${disk.name} ${renderSize(disk.sizeBytes)}${serial}${disk.model === undefined ? '' : ` ${disk.model}`}${holds}`;
}

function textLines({ theme }: Scene, plan: NodePreview, width: number): readonly FrameLine[] {
  const show = (text: string) => showText(text, theme.set, 1_000);
  const block = (title: string, text: string): readonly FrameLine[] => [
    [],
    [[title, 'bold']],
    ...text
      .split('\n')
      .flatMap((line) => wrapText(indent(line) + show(line), width))
      .map((line): FrameLine => [line]),
  ];
  const difference = (what: string, lines: readonly string[] | undefined): readonly FrameLine[] => [
    [],
    [[`DIFFERENCE of the ${what} to the last installation`, 'bold']],
    ...differenceLines(lines, show, width),
  ];
  return [
    ...(plan.config === '' ? [] : difference('configuration', plan.diff)),
    ...difference('script', plan.scriptDiff),
    ...block('iPXE SCRIPT', plan.script),
    ...block('KERNEL ARGUMENTS', plan.kernelArgs.join(' ')),
    ...block('CONFIGURATION (secrets masked)', plan.config),
    [],
    [[`plan ${show(plan.planHash.split(' ', 1).join())}`, 'dim']],
  ];
}

function differenceLines(
  lines: readonly string[] | undefined,
  show: (text: string) => string,
  width: number,
): readonly FrameLine[] {
  if (lines === undefined) return [[['not known: no installation is remembered here', 'dim']]];
  if (!lines.some((line) => line.startsWith('+') || line.startsWith('-'))) return [[['none', 'dim']]];
  return lines.flatMap((line, at): readonly FrameLine[] => {
    const tone = line.startsWith('+') ? 'ready' : line.startsWith('-') ? 'bad' : 'dim';
    const parts = wrapText(indent(line.slice(1)) + show(line.slice(1)), width - 1);
    const wrapped = parts.map((part, row): FrameLine => [[`${row === 0 ? line.slice(0, 1) : ' '}${part}`, tone]]);
    const before = lines[at - 1] ?? '';
    const isPair = line.startsWith('+') && before.startsWith('-') && parts.length > 1;
    return isPair ? [...wrapped, ...changedWords(show(before.slice(1)), show(line.slice(1)), width)] : wrapped;
  });
}

/** Of two lines as long as a kernel's arguments nobody sees what differs. */
function changedWords(before: string, after: string, width: number): readonly FrameLine[] {
  const [old, now] = [before.split(' '), after.split(' ')];
  const gone = old.filter((word) => !now.includes(word)).map((word) => `-${word}`);
  const come = now.filter((word) => !old.includes(word)).map((word) => `+${word}`);
  const words = [...gone, ...come];
  const text = words.length === 0 ? 'only in their order' : words.join(' ');
  return wrapText(`these differ: ${text}`, width - 2).map((line): FrameLine => ['  ', [line, 'bold']]);
}

/** cleanText trims; in YAML the indent is the meaning. */
const indent = (line: string): string => ' '.repeat(/^ */.exec(line)?.[0].length ?? 0);

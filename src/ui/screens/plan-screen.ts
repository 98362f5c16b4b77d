import type { NodePreview } from '../../link/screen-port.ts';
import { renderSize } from '../format/size.ts';
import { routeOf } from '../state/ui-state.ts';
import { showText, wrapText } from '../terminal/fit-text.ts';
import type { FrameLine } from '../widgets/frame.ts';
import { type Box, padLines, type Scene } from '../widgets/scene.ts';
import { renderSpans, type Span } from '../widgets/spans.ts';

/** Everything that would be sent to a machine, secrets masked: disks, script, kernel arguments, configuration, difference. */
export function renderPlanScreen(scene: Scene, box: Box): string[] {
  const { model, theme } = scene;
  const route = routeOf(model.ui);
  if (route.is !== 'plan') return padLines([], box);
  const plan = model.plans.get(route.node);
  if (plan === undefined)
    return padLines([renderSpans(theme, [[' The plan is being made ...', 'dim']], box.width)], box);
  if (plan.is === 'failed')
    return padLines([renderSpans(theme, [[` No plan: ${showText(plan.reason, theme.set)}`, 'bad']], box.width)], box);
  const lines = planLines(scene, plan.preview, box.width - 2);
  const scroll = Math.min(route.scroll, Math.max(0, lines.length - box.height));
  return padLines(
    lines.slice(scroll, scroll + box.height).map((line) => renderSpans(theme, [' ', ...line], box.width)),
    box,
  );
}

/** What would be erased comes first: the page is also the upper part of every dialog that destroys. */
export function planLines(scene: Scene, plan: NodePreview, width: number): readonly FrameLine[] {
  return [...blastLines(scene, plan, width), ...textLines(scene, plan, width)];
}

export function blastLines({ theme }: Scene, plan: NodePreview, width: number): readonly FrameLine[] {
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
  const disks = plan.disks.map((disk) => {
    const holds = disk.holds.length === 0 ? '' : `, holds ${disk.holds.join(' ')}`;
    return `${disk.erased ? 'ERASED ' : 'kept   '}${disk.name} ${renderSize(disk.sizeBytes)}${disk.serial === undefined ? '' : ` (sn ${disk.serial})`}${disk.model === undefined ? '' : ` ${disk.model}`}${holds}`;
  });
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
  const diff: readonly FrameLine[] = [
    [],
    [['DIFFERENCE to the last installation', 'bold']],
    ...(plan.diff.length === 0
      ? [[['none is known: nothing was installed here before', 'dim']] as FrameLine]
      : plan.diff.map(
          (line): FrameLine => [
            [indent(line) + show(line), line.startsWith('+') ? 'ready' : line.startsWith('-') ? 'bad' : 'dim'],
          ],
        )),
  ];
  return [
    ...diff,
    ...block('iPXE SCRIPT', plan.script),
    ...block('KERNEL ARGUMENTS', plan.kernelArgs.join(' ')),
    ...block('CONFIGURATION (secrets masked)', plan.config),
    [],
    [[`plan ${show(plan.planHash)}`, 'dim']],
  ];
}

/** cleanText trims; in YAML the indent is the meaning. */
const indent = (line: string): string => ' '.repeat(/^ */.exec(line)?.[0].length ?? 0);

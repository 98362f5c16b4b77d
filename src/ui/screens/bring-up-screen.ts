import { nodeOf } from '../../core/fleet.ts';
import type { NodeState } from '../../core/node.ts';
import { renderAge, renderEta } from '../format/duration.ts';
import type { ActionId } from '../keys/action-id.ts';
import { keyIn } from '../keys/keymap.ts';
import { type BringUpView, bringUpRack } from '../select/bring-up-view.ts';
import { etaMs, isMoving } from '../select/eta.ts';
import { medianOf } from '../select/median-boot.ts';
import { lookOf, percentOf, reasonOf, stepOf } from '../select/node-look.ts';
import { reasonFor } from '../select/short-reason.ts';
import { bootEnd, timelineOf } from '../select/timeline.ts';
import { fitText, showText, wrapText } from '../terminal/fit-text.ts';
import { renderBar } from '../widgets/progress-bar.ts';
import { type Box, padLines, type Scene } from '../widgets/scene.ts';
import { renderSelected, renderSpans, type Span } from '../widgets/spans.ts';
import { againText, farewellOf, leftOutLines, paragraph, reportLines, startText } from './bring-up-report.ts';
import { stepSign } from './timeline-lines.ts';

/** Seven steps from a cable to a rack that runs. All of it is read from the fleet, so the screen can be left at any step. */
export function renderBringUpScreen(scene: Scene, box: Box): string[] {
  const { model, theme } = scene;
  const view = bringUpRack(model.fleet, model.view, model.nowMs);
  const rule = theme.glyphs.horizontal.repeat(box.width);
  const all = view.steps.map((step, at) => {
    const here = at + 1 === view.at;
    const spans: readonly Span[] = [
      ` ${here ? '>' : ' '} ${at + 1} ${fitText(showText(step.title, theme.set), box.width < 60 ? 20 : 22)} `,
      step.state === 'unknown' ? ['?'.padEnd(theme.set === 'ascii' ? 2 : 1), 'warn'] : stepSign(theme, step.state),
      `  ${showText(step.note, theme.set)}`,
    ];
    return here ? renderSelected(theme, spans, box.width) : renderSpans(theme, spans, box.width);
  });
  const steps = box.height < SHORT ? around(all, view.at - 1, Math.max(2, box.height - 5)) : all;
  const farewell = ['', rule, ...paragraph(scene, farewellOf(scene), box.width)];
  const room = box.height - steps.length - (box.height > 18 ? farewell.length : 0);
  const below: Box = { width: box.width, height: room - 1 };
  const say = box.height < SHORT ? shortSay(scene, view, box) : longSay(scene, view, below);
  return padLines(
    [
      ...steps,
      ...padLines([rule, ...say], { width: box.width, height: Math.max(0, room) }),
      ...(box.height > 18 ? farewell : []),
    ].map((line) => line || ' '.repeat(box.width)),
    box,
  );
}

/** So low that seven steps would leave no line for the machine: those around the step that is on are shown. */
const SHORT = 13;

const around = (lines: readonly string[], at: number, rows: number): readonly string[] => {
  const from = Math.max(0, Math.min(at - 1, lines.length - rows));
  return lines.slice(from, from + rows);
};

function shortSay(scene: Scene, view: BringUpView, box: Box): readonly string[] {
  if (view.isOver) return [...paragraph(scene, advice(scene, view), box.width), ...reportLines(scene, view, box)];
  const nodes = workingNodes(scene, view).slice(0, 2);
  return [
    ...nodes.map((node) => nodeLine(scene, node, box.width)),
    ...waitLines(scene, view, box.width),
    ...paragraph(scene, advice(scene, view), box.width),
  ];
}

function longSay(scene: Scene, view: BringUpView, { width, height }: Box): readonly string[] {
  const first = [...paragraph(scene, advice(scene, view), width), ...waitLines(scene, view, width), ''];
  const box = { width, height: height - first.length };
  if (view.isOver) return [...first, ...reportLines(scene, view, box)];
  const lines = view.wave === undefined ? leftOutLines(scene, view.leftOut, box) : focusLines(scene, view, width);
  return [...first, ...lines];
}

/** What of the wave could go by its width and does not. */
function waitLines(scene: Scene, { wave }: BringUpView, width: number): readonly string[] {
  const waits = wave === undefined ? [] : scene.model.view.waits.of(wave);
  return waits.length === 0 ? [] : paragraph(scene, `${waits.join('; ')}.`, width);
}

/** Those of the wave that have not ended, else the one to look at. */
function workingNodes({ model }: Scene, view: BringUpView): readonly NodeState[] {
  if (view.wave === undefined) return [];
  const names = view.working.length > 0 ? view.working : [view.focus ?? ''];
  return names.flatMap((name) => nodeOf(model.fleet, name) ?? []);
}

const STEP_TEXTS: readonly string[] = [
  'The services must listen on the provisioning network.',
  'Another DHCP server on this wire would win some of the races. Switch it off, or change this network to proxy mode.',
  'The inventory must name every machine of this rack once. Correct the file; it is read again by itself.',
  'One node goes first. If it fails, only one node is affected.',
  'Five go next, at the same time.',
  'The rest goes five at a time; the first failure stops the wave.',
  'Every machine of the wave has ended.',
];

function advice({ model }: Scene, view: BringUpView): string {
  const key = (action: ActionId) => keyIn(model.keymap, 'bringUp', action);
  const step = view.steps[view.at - 1];
  const shows = view.at === 1 ? ` ${key('showServices')} shows them.` : '';
  const text = `Step ${view.at}: ${STEP_TEXTS[view.at - 1] ?? ''}${shows}`;
  if (view.isOver) return `${text} ${againText(model.keymap, view)}`.trim();
  if (view.wave === undefined && view.at === view.steps.length)
    return 'Every machine of this rack is up; nothing is to be done.';
  if (view.wave?.state === 'paused') return `${text} The wave is paused: ${key('waveResume')} goes on.`;
  if (view.wave?.state === 'stopped')
    return `${text} The wave stopped${view.wave.why === undefined ? '' : `: ${view.wave.why}`}. ${key('waveResume')} goes on when the cause is mended, ${key('waveCancel')} cancels the rest.`;
  if (view.wave === undefined && view.at === 4) return `${text} ${startText(model.keymap, view)}`;
  return step?.state === 'failed' ? `${text} Now: ${step.note}` : text;
}

function focusLines(scene: Scene, view: BringUpView, width: number): string[] {
  const { model, theme } = scene;
  const node = nodeOf(model.fleet, view.focus ?? '');
  if (node === undefined || view.wave === undefined) return [];
  const working = workingNodes(scene, view);
  if (working.length > 1) return working.map((one) => nodeLine(scene, one, width));
  const steps = timelineOf(node, node.attempt, model.nowMs).flatMap((step): readonly Span[] => [
    stepSign(theme, step.state),
    ` ${step.title}  `,
  ]);
  return [
    nodeLine(scene, node, width),
    '',
    ...chunkSpans(steps, width - 6).map((line) => renderSpans(theme, ['   ', ...line], width)),
    ...(reasonOf(node) === ''
      ? []
      : wrapText(showText(reasonOf(node), theme.set), width - 6).map((line) =>
          renderSpans(theme, ['   ', [line, lookOf(node).tone]], width),
        )),
    '',
    ...medianLine(scene, node, width),
  ];
}

function medianLine(scene: Scene, node: NodeState, width: number): string[] {
  const median = medianOf(scene.model.view.medians, node);
  if (median === undefined || !isMoving(node)) return [];
  const runs = median.runs === 1 ? '1 run' : `${median.runs} runs`;
  const pace = spentOf(scene, node) > median.ms * 1.5 ? 'This one is slower.' : 'This one is on track.';
  return [renderSpans(scene.theme, [`   Median for this image: ${renderAge(median.ms)} (${runs}). ${pace}`], width)];
}

/** Name, state, bar, time and what is left of one machine of the wave. */
function nodeLine(scene: Scene, node: NodeState, width: number): string {
  const { model, theme } = scene;
  const look = lookOf(node);
  const percent = percentOf(node);
  const narrow = width < 60;
  const barWidth = Math.max(10, width - 50);
  const middle =
    percent === undefined
      ? fitText(showText(reasonFor(node, barWidth + 5) || stepOf(node), theme.set), barWidth + 5)
      : `${renderBar(theme, percent, barWidth)}${fitText(`${percent}%`, 5, 'right')}`;
  // Beyond the median nobody knows.
  const eta = etaMs(model.view.medians, [node], model.nowMs) || undefined;
  return renderSpans(
    theme,
    [
      `${narrow ? ' ' : '   '}${fitText(showText(node.name, theme.set), Math.min(16, Math.max(8, node.name.length)))}  `,
      [fitText(look.word, 5), look.tone],
      `  ${middle} ${fitText(renderAge(spentOf(scene, node)), 6, 'right')}${narrow ? '' : `   eta ${renderEta(eta)}`}`,
    ],
    width,
  );
}

const spentOf = ({ model }: Scene, node: NodeState): number =>
  node.attempt === undefined ? 0 : bootEnd(node, node.attempt, model.nowMs) - node.attempt.openedAt;

/** Sign and title pairs, as many as fit into each line. */
function chunkSpans(spans: readonly Span[], width: number): readonly (readonly Span[])[] {
  const lines: Span[][] = [[]];
  let used = 0;
  for (let at = 0; at < spans.length; at += 2) {
    const pair = spans.slice(at, at + 2);
    const own = pair.reduce((sum, span) => sum + (typeof span === 'string' ? span : span[0]).length, 0);
    if (used + own > width) {
      lines.push([]);
      used = 0;
    }
    lines.at(-1)?.push(...pair);
    used += own;
  }
  return lines;
}

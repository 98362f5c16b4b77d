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
import {
  againText,
  farewellOf,
  leftOutLines,
  paragraph,
  reportLines,
  startText,
  troubledLines,
} from './bring-up-report.ts';
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
  const isShort = box.height < SHORT;
  const steps = isShort ? around(all, view.at - 1, Math.max(2, box.height - 5)) : all;
  const farewell = ['', rule, ...paragraph(scene, farewellOf(scene), box.width)];
  const room = box.height - steps.length - (box.height > 18 ? farewell.length : 0);
  const below: Box = { width: box.width, height: room - 1 };
  const say = isShort ? shortSay(scene, view, below) : longSay(scene, view, below);
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
  const rests = restsText(scene, view);
  const words = waitLines(scene, view, box.width);
  if (rests !== undefined) {
    const told = paragraph(scene, rests.short, box.width, box.height - Math.min(2, view.troubled.length));
    const room: Box = { width: box.width, height: box.height - told.length };
    const lines = view.troubled.length > 0 ? troubledLines(scene, view, room) : [];
    const works = workingNodes(scene, view).map((node) => nodeLine(scene, node, box.width));
    return [...lines, ...works.slice(0, Math.max(0, room.height - lines.length)), ...told];
  }
  const nodes = workingNodes(scene, view).slice(0, 2);
  const room = box.height - nodes.length - words.length;
  return [
    ...nodes.map((node) => nodeLine(scene, node, box.width)),
    ...words,
    ...(room > 0 ? paragraph(scene, advice(scene, view), box.width, room) : []),
  ];
}

function longSay(scene: Scene, view: BringUpView, { width, height }: Box): readonly string[] {
  const first = [...paragraph(scene, advice(scene, view), width), ...waitLines(scene, view, width), ''];
  const box = { width, height: height - first.length };
  if (view.isOver) return [...first, ...reportLines(scene, view, box)];
  if (view.wave === undefined) return [...first, ...leftOutLines(scene, view.leftOut, box)];
  if (restsText(scene, view) === undefined || view.troubled.length === 0)
    return [...first, ...focusLines(scene, view, box)];
  return [...first, ...restLines(scene, view, box)];
}

/** Why it rests stands in these machines; what is under way beside them comes after. */
function restLines(scene: Scene, view: BringUpView, box: Box): readonly string[] {
  const { width } = box;
  const works = workingNodes(scene, view).map((node) => nodeLine(scene, node, width));
  const [only] = view.troubled;
  const alone = works.length === 0 && view.troubled.length === 1 && view.wave?.ended[only ?? '']?.outcome === 'failed';
  const node = alone ? nodeOf(scene.model.fleet, only ?? '') : undefined;
  const least = works.length > 0 ? 1 + Math.min(works.length, 3) : 0;
  const bad =
    node === undefined
      ? troubledLines(scene, view, { width, height: Math.max(1, box.height - least) })
      : [...troubledLines(scene, view, box), '', ...wayLines(scene, node, width)];
  return [...bad, ...(works.length > 0 ? ['', ...works] : [])];
}

/** What of the wave could go by its width and does not. */
function waitLines(scene: Scene, { wave }: BringUpView, width: number): readonly string[] {
  const waits = wave === undefined ? [] : scene.model.view.waits.of(wave);
  return waits.length === 0 ? [] : paragraph(scene, `${waits.join('; ')}.`, width);
}

/** Those of the wave that have not ended, else the one to look at. */
function workingNodes({ model }: Scene, view: BringUpView): readonly NodeState[] {
  if (view.wave === undefined) return [];
  const names = view.working.length > 0 || view.troubled.length > 0 ? view.working : [view.focus ?? ''];
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

/** A wave that starts nothing more, though some of it may be under way. */
function restsText({ model }: Pick<Scene, 'model'>, view: BringUpView): { long: string; short: string } | undefined {
  const key = (action: ActionId) => keyIn(model.keymap, 'bringUp', action);
  const { wave, working, troubled } = view;
  if (wave?.state === 'stopped') {
    const why = wave.why === undefined ? '' : `: ${wave.why}`;
    const first = `${key('problemOn')} opens the first that did not come up`;
    return {
      long: `Step ${view.at}: the wave stopped${why}. ${troubled.length > 0 ? `${first}. ` : ''}${key('waveResume')} goes on when the cause is mended, ${key('waveCancel')} cancels the rest.`,
      short: `Stopped: ${key('waveResume')} goes on, ${key('waveCancel')} cancels the rest.`,
    };
  }
  if (wave?.state !== 'cancelled' || view.isOver) return undefined;
  const is = working.length === 1 ? 'machine of it is' : 'machines of it are';
  const still = `The wave was cancelled: nothing more starts. ${working.length} ${is} still under way`;
  return {
    long: `Step ${view.at}: ${lower(still)}, and end by themselves; one that hangs is cancelled or tried again on its own screen (${key('open')}).${troubled.length > 0 ? ` ${key('problemOn')} opens the first that did not come up.` : ''}`,
    short: `Cancelled: nothing more starts, ${working.length} under way.`,
  };
}

const lower = (text: string): string => text.slice(0, 1).toLowerCase() + text.slice(1);

function advice({ model }: Scene, view: BringUpView): string {
  const key = (action: ActionId) => keyIn(model.keymap, 'bringUp', action);
  const step = view.steps[view.at - 1];
  const shows = view.at === 1 ? ` ${key('showServices')} shows them.` : '';
  const text = `Step ${view.at}: ${STEP_TEXTS[view.at - 1] ?? ''}${shows}`;
  if (view.isOver) return `${text} ${againText(model.keymap, view)}`.trim();
  if (view.wave === undefined && view.at === view.steps.length)
    return 'Every machine of this rack is up; nothing is to be done.';
  if (view.wave?.state === 'paused') return `${text} The wave is paused: ${key('waveResume')} goes on.`;
  const rests = restsText({ model }, view);
  if (rests !== undefined) return rests.long;
  if (view.wave === undefined && view.at === 4) return `${text} ${startText(model.keymap, view)}`;
  return step?.state === 'failed' ? `${text} Now: ${step.note}` : text;
}

function focusLines(scene: Scene, view: BringUpView, { width, height }: Box): string[] {
  const node = nodeOf(scene.model.fleet, view.focus ?? '');
  if (node === undefined || view.wave === undefined) return [];
  const working = workingNodes(scene, view);
  const most = Math.max(1, height);
  const shown = working.length > most ? working.slice(0, most - 1) : working;
  const more = working.length - shown.length;
  if (working.length > 1)
    return [
      ...shown.map((one) => nodeLine(scene, one, width)),
      ...(more === 0 ? [] : [renderSpans(scene.theme, [[`   and ${more} more`, 'dim']], width)]),
    ];
  return [nodeLine(scene, node, width), '', ...wayLines(scene, node, width)];
}

/** The steps of its boot, why it stands where it does, and how long others took. */
function wayLines(scene: Scene, node: NodeState, width: number): string[] {
  const { model, theme } = scene;
  const steps = timelineOf(node, node.attempt, model.nowMs).flatMap((step): readonly Span[] => [
    stepSign(theme, step.state),
    ` ${step.title}  `,
  ]);
  return [
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

import { nodeOf } from '../../core/fleet.ts';
import type { NodeState } from '../../core/node.ts';
import { renderAge, renderEta } from '../format/duration.ts';
import type { BringUpView } from '../select/bring-up-view.ts';
import { etaMs, isMoving } from '../select/eta.ts';
import { medianOf } from '../select/median-boot.ts';
import { lookOf, percentOf, reasonOf, stepOf } from '../select/node-look.ts';
import { reasonFor } from '../select/short-reason.ts';
import { bootEnd, timelineOf } from '../select/timeline.ts';
import { fitText, showText, wrapText } from '../terminal/fit-text.ts';
import { renderBar } from '../widgets/progress-bar.ts';
import type { Box, Scene } from '../widgets/scene.ts';
import { renderSpans, type Span, spansWidth } from '../widgets/spans.ts';
import { stepSign } from './timeline-lines.ts';

/** Those of the wave that have not ended, else the one to look at. */
export function workingNodes({ model }: Scene, view: BringUpView): readonly NodeState[] {
  if (view.wave === undefined) return [];
  const names = view.working.length > 0 || view.troubled.length > 0 ? view.working : [view.focus ?? ''];
  return names.flatMap((name) => nodeOf(model.fleet, name) ?? []);
}

export function focusLines(scene: Scene, view: BringUpView, { width, height }: Box): string[] {
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
export function wayLines(scene: Scene, node: NodeState, width: number): string[] {
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
export function nodeLine(scene: Scene, node: NodeState, width: number): string {
  const { model, theme } = scene;
  const look = lookOf(node);
  const percent = percentOf(node);
  const narrow = width < 60;
  const barWidth = Math.max(10, width - 50);
  const middle =
    percent === undefined
      ? fitText(showText(reasonFor(node, barWidth + 5) || stepOf(node, model), theme.set), barWidth + 5)
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
    const own = spansWidth(pair);
    if (used + own > width) {
      lines.push([]);
      used = 0;
    }
    lines.at(-1)?.push(...pair);
    used += own;
  }
  return lines;
}

import type { Attempt, NodeState } from '../../core/node.ts';
import { renderAge } from '../format/duration.ts';
import { medianOf } from '../select/median-boot.ts';
import { bootEnd, type TimelineStep, timelineOf } from '../select/timeline.ts';
import { fitText, showText } from '../terminal/fit-text.ts';
import type { Theme, Tone } from '../terminal/theme.ts';
import type { FrameLine } from '../widgets/frame.ts';
import type { Scene } from '../widgets/scene.ts';
import type { Span } from '../widgets/spans.ts';

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

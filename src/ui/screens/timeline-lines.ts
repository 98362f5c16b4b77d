import type { Attempt, NodeState } from '../../core/node.ts';
import { renderAge } from '../format/duration.ts';
import { medianOf } from '../select/median-boot.ts';
import { bootEnd, type TimelineStep, timelineOf } from '../select/timeline.ts';
import { fitText, showText, wrapText } from '../terminal/fit-text.ts';
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

/** `DHCP discover/offer` stands whole beside them in the left half of 80 columns. */
const TOOK_COLUMNS = 7;
const TOTAL_COLUMNS = 8;

export function timelineLines(scene: Scene, node: NodeState, width: number): readonly FrameLine[] {
  const { model, theme } = scene;
  const shown = node.attempt ?? node.pastAttempts.at(-1);
  const steps = timelineOf(node, shown, model.nowMs);
  const hasTotal = width >= 34;
  const room = width - 3 - TOOK_COLUMNS - (hasTotal ? TOTAL_COLUMNS : 0);
  const age = (ms: number | undefined, columns: number) =>
    ms === undefined ? ' '.repeat(columns) : fitText(renderAge(ms), columns, 'right');
  const head: FrameLine = [
    [
      `${fitText('TIMELINE', room + 3)}${fitText('took', TOOK_COLUMNS, 'right')}${hasTotal ? fitText('total', TOTAL_COLUMNS, 'right') : ''}`,
      'bold',
    ],
  ];
  const lines = steps.map(
    (step): FrameLine => [
      stepSign(theme, step.state),
      ` ${fitText(showText(step.title, theme.set), room + (theme.set === 'ascii' ? 0 : 1))}`,
      age(step.tookMs, TOOK_COLUMNS),
      hasTotal ? age(step.totalMs, TOTAL_COLUMNS) : '',
    ],
  );
  const median = medianOf(model.view.medians, node);
  const note: readonly FrameLine[] =
    median === undefined || node.job === undefined
      ? []
      : [[[`median here ${renderAge(median.ms)} (${median.runs} ${median.runs === 1 ? 'run' : 'runs'})`, 'dim']]];
  if (steps.length === 0) return [head, [['nothing was seen of it yet', 'dim']], ...pastLines(node, theme, width)];
  return [head, ...lines, ...note, ...pastLines(node, theme, width)];
}

function pastLines(node: NodeState, theme: Theme, width: number): readonly FrameLine[] {
  return node.pastAttempts
    .slice(-3)
    .toReversed()
    .flatMap((attempt) =>
      wrapText(showText(`boot ${attempt.number}: ${pastText(node, attempt)}`, theme.set), width - 2),
    )
    .map((line, at, all): FrameLine => [[`${/^boot \d/.test(all[at] ?? '') ? '' : '  '}${line}`, 'dim']]);
}

/** A boot that ended with the next one, by where it was: after an install that is how it should be. */
const AGAIN: Readonly<Record<string, string>> = {
  wiping: 'disk erased, restarted',
  installed: 'installed, restarted',
  rebooting: 'installed, restarted',
};

/** How far it came and how long that took; what ended it later is another matter. */
function pastText(node: NodeState, attempt: Attempt): string {
  const took = renderAge(bootEnd(node, attempt, attempt.closedAt ?? attempt.openedAt) - attempt.openedAt);
  const [, why = '', where = ''] = /^(.*) in (\w+)$/.exec(attempt.end ?? '') ?? [];
  if (attempt.way.some((step) => step.phase === 'ready')) {
    const then = why === '' ? '' : `, later ${why === 'armed' ? 'armed anew' : why}`;
    return `ready in ${took}${then}`;
  }
  if (why === 'armed') return `in ${where} when the next job was armed (${took})`;
  // A wipe ends through the same phase as an installation.
  const erased = where === 'rebooting' && attempt.way.some((step) => step.phase === 'wiping');
  if (why === 'rebooted') return `${AGAIN[erased ? 'wiping' : where] ?? `restarted in ${where}`} (${took})`;
  return `${attempt.end ?? 'ended'} (${took})`;
}

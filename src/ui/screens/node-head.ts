import type { Job } from '../../core/job.ts';
import type { Attempt, NodeState } from '../../core/node.ts';
import { renderSpan } from '../format/duration.ts';
import { addressOf, imageOf, lookOf, sinceOf } from '../select/node-look.ts';
import { showText } from '../terminal/fit-text.ts';
import type { Scene } from '../widgets/scene.ts';
import { joinWhole, renderSpans, type Span } from '../widgets/spans.ts';
import { powerText } from './hardware-lines.ts';
import { ageWords } from './node-age.ts';

/** Two lines and a rule over a machine's page: how it is, and who it is. */
export const HEAD_LINES = 3;

export function nodeHead({ model, theme }: Scene, node: NodeState, width: number): string[] {
  const look = lookOf(node);
  const show = (text: string) => showText(text, theme.set);
  const ago = renderSpan(model.nowMs - sinceOf(node));
  const failed = node.health.is !== 'ok';
  const pieces: readonly (readonly Span[])[] = [
    [
      [show(node.name), 'bold'],
      '  ',
      [look.word.trim(), look.tone],
      failed ? ` at ${node.phase.is.toUpperCase()}  ${ago} ago` : ` ${node.phase.is}${ageWords(node, model.nowMs)}`,
    ],
    ...(node.attempt === undefined
      ? []
      : [[[bootText(node.attempt), ...(node.job === undefined ? [] : [tryText(node.job)])].join(', ')]]),
    ...(node.job === undefined
      ? []
      : [['job ', [node.job.kind, 'wait'], node.job.suspended === undefined ? '' : ' (suspended)'] as const]),
    [`image ${show(imageOf(node) || '-')}`],
  ];
  const ids = [
    `mac ${node.seen.mac ?? node.spec.identity.macs[0] ?? '-'}`,
    `ip ${addressOf(node) || '-'}`,
    node.spec.bmc === undefined ? 'no bmc' : `bmc ${powerText(node, model.nowMs)}`,
    `sn ${show(node.seen.serial ?? node.spec.identity.serial ?? '-')}`,
    ...(node.spec.place.unit === undefined ? [] : [`U${node.spec.place.unit}`]),
  ].map((id): readonly Span[] => [id]);
  return [
    renderSpans(theme, [' ', ...wholePieces(pieces, width - 1, '   ')], width),
    renderSpans(theme, [' ', ...wholePieces(ids, width - 1, '  ')], width),
    theme.glyphs.horizontal.repeat(width),
  ];
}

/** Boots are counted for the machine's life, tries for its job: `boot 7, try 1/3`. */
export const bootText = (attempt: Attempt): string => `boot ${attempt.number}`;
export const tryText = ({ attempts, maxAttempts }: Job): string =>
  `try ${Math.min(attempts, maxAttempts)}/${maxAttempts}`;

/** What does not fit is left out whole; only what stands first is cut where it is too long by itself. */
function wholePieces(pieces: readonly (readonly Span[])[], width: number, gap: string): readonly Span[] {
  const [first = []] = pieces;
  const fitting = joinWhole(pieces, width, gap);
  return fitting.length > 0 ? fitting : first;
}

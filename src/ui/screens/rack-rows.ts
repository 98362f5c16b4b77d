import type { NodeState } from '../../core/node.ts';
import { notAtIpText } from '../../core/not-at-ip.ts';
import { awaitedText, type Moment, unheardOf } from '../select/awaited.ts';
import { addressOf, driftText, imageOf, lookOf, percentOf, stepOf } from '../select/node-look.ts';
import { reasonFor } from '../select/short-reason.ts';
import { fitText, showText } from '../terminal/fit-text.ts';
import type { Theme } from '../terminal/theme.ts';
import { renderBar } from '../widgets/progress-bar.ts';
import type { Span } from '../widgets/spans.ts';
import { ageCell } from './node-age.ts';

/** One machine in one line of the rack: unit, name, state, what it does, how long. */
export interface RackRow {
  readonly node: NodeState;
  readonly here: boolean;
  readonly marked: boolean;
}

export interface RackRowShape {
  readonly width: number;
  readonly name: number;
  /** Columns of the address behind the age, 0 without one; the image takes eight more. */
  readonly address: number;
}

const IMAGE_COLUMNS = 8;
const tailOf = (shape: { readonly address: number }): number =>
  shape.address === 0 ? 0 : shape.address + IMAGE_COLUMNS + 3;
const detailOf = (shape: RackRowShape): number => shape.width - tailOf(shape) - 1 - 2 - 1 - shape.name - 1 - 5 - 1 - 6;

export function shapeRows(names: readonly string[], width: number, addresses: readonly string[] = []): RackRowShape {
  const longest = (texts: readonly string[], least: number) =>
    texts.reduce((most, text) => Math.max(most, text.length), least);
  const address = addresses.length > 0 && width >= 58 ? Math.min(15, longest(addresses, 9)) : 0;
  const room = width - tailOf({ address }) - 26;
  return { width, name: Math.min(longest(names, 4), Math.max(7, Math.min(20, room))), address };
}

export function rackRowSpans(
  theme: Theme,
  { node, here, marked }: RackRow,
  shape: RackRowShape,
  moment: Moment,
): readonly Span[] {
  const look = lookOf(node);
  const unit = node.spec.place.unit === undefined ? '' : String(node.spec.place.unit);
  const detail = detailOf(shape);
  const tail: readonly Span[] =
    shape.address === 0
      ? []
      : [` ${fitText(addressOf(node), shape.address)} ${fitText(showText(imageOf(node), theme.set), IMAGE_COLUMNS)} `];
  return [
    `${here ? '>' : ' '}${fitText(unit, 2, 'right')}${marked ? '*' : ' '}${fitText(showText(node.name, theme.set), shape.name)} `,
    [fitText(look.word, 5), look.tone],
    ' ',
    detailSpan(theme, node, detail, moment),
    [fitText(ageCell(node, moment.nowMs), 6, 'right'), 'plain'],
    ...tail,
  ];
}

/** A bar where something can be counted, the reason where something is wrong, else a few words. */
function detailSpan(theme: Theme, node: NodeState, width: number, moment: Moment): Span {
  const waits = awaitedText(node, moment);
  const ordered = unheardOf(node, moment);
  if (ordered !== undefined) return fitText(showText(waits.length <= width ? waits : ordered.brief, theme.set), width);
  const reason = reasonFor(node, width);
  if (reason !== '') return [fitText(showText(reason, theme.set), width), lookOf(node).tone];
  const percent = percentOf(node);
  if (percent !== undefined && width >= 10)
    return [
      `${renderBar(theme, percent, Math.min(20, width - 5))}${fitText(`${percent}%`, 5, 'right')}`.padEnd(width),
      lookOf(node).tone,
    ];
  const step = waits !== '' && waits.length <= width ? waits : stepOf(node, moment);
  const isElsewhere = notAtIpText(moment.fleet, node, moment.nowMs) !== undefined;
  const where = node.seen.notAtIp?.ip === undefined ? 'outside pool' : 'not at its ip';
  const differs = step !== '' ? '' : isElsewhere ? where : driftText(node);
  return differs === ''
    ? fitText(showText(step, theme.set), width)
    : [fitText(showText(differs, theme.set), width), 'warn'];
}

export function rackHeadSpans(shape: RackRowShape): readonly Span[] {
  const detail = detailOf(shape);
  const tail = shape.address === 0 ? '' : ` ${fitText('address', shape.address)} ${fitText('image', IMAGE_COLUMNS)} `;
  return [
    [
      ` ${fitText('U', 2, 'right')} ${fitText('node', shape.name)} ${fitText('phase', 5 + 1 + detail)}${fitText('age', 6, 'right')}${tail}`,
      'bold',
    ],
  ];
}

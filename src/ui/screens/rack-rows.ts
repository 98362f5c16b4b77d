import type { NodeState } from '../../core/node.ts';
import { renderAge } from '../format/duration.ts';
import { addressOf, imageOf, lookOf, percentOf, reasonOf, sinceOf, stepOf } from '../select/node-look.ts';
import { fit, showText } from '../terminal/fit.ts';
import type { Theme } from '../terminal/theme.ts';
import { renderBar } from '../widgets/progress-bar.ts';
import type { Span } from '../widgets/spans.ts';

/** One machine in one line of the rack: unit, name, state, what it does, how long. */
export interface RackRow {
  readonly node: NodeState;
  readonly here: boolean;
  readonly marked: boolean;
}

export interface RackRowShape {
  readonly width: number;
  readonly name: number;
  /** Address and image behind the age. */
  readonly tail: boolean;
}

const TAIL_COLUMNS = 15 + 1 + 8 + 1;

export function shapeRows(names: readonly string[], width: number, tail: boolean): RackRowShape {
  const longest = names.reduce((most, name) => Math.max(most, name.length), 4);
  const hasTail = tail && width >= 62;
  return { width, name: Math.min(longest, Math.max(7, Math.min(20, width - (hasTail ? TAIL_COLUMNS : 0) - 26))), tail: hasTail };
}

export function rackRowSpans(theme: Theme, { node, here, marked }: RackRow, shape: RackRowShape, nowMs: number): readonly Span[] {
  const look = lookOf(node);
  const unit = node.spec.place.unit === undefined ? '' : String(node.spec.place.unit);
  const detail = shape.width - (shape.tail ? TAIL_COLUMNS : 0) - 1 - 2 - 1 - shape.name - 1 - 5 - 1 - 6;
  const tail: readonly Span[] = shape.tail ? [` ${fit(addressOf(node), 15)} ${fit(showText(imageOf(node), theme.set), 8)} `] : [];
  return [
    `${here ? '>' : ' '}${fit(unit, 2, 'right')}${marked ? '*' : ' '}${fit(showText(node.name, theme.set), shape.name)} `,
    [fit(look.word, 5), look.tone],
    ' ',
    detailSpan(theme, node, detail),
    [fit(look.group === 'off' && node.seen.lastAt === undefined ? '-' : renderAge(nowMs - sinceOf(node)), 6, 'right'), 'plain'],
    ...tail,
  ];
}

/** A bar where something can be counted, the reason where something is wrong, else a few words. */
export function detailSpan(theme: Theme, node: NodeState, width: number): Span {
  const reason = reasonOf(node);
  if (reason !== '') return [fit(showText(reason, theme.set), width), lookOf(node).tone];
  const percent = percentOf(node);
  if (percent !== undefined && width >= 10) return [`${renderBar(theme, percent, Math.min(20, width - 5))}${fit(`${percent}%`, 5, 'right')}`.padEnd(width), lookOf(node).tone];
  return fit(showText(stepOf(node), theme.set), width);
}

export function rackHeadSpans(shape: RackRowShape): readonly Span[] {
  const detail = shape.width - (shape.tail ? TAIL_COLUMNS : 0) - 1 - 2 - 1 - shape.name - 1 - 5 - 1 - 6;
  const tail = shape.tail ? ` ${'address'.padEnd(15)} ${'image'.padEnd(8)} ` : '';
  return [[` ${fit('U', 2, 'right')} ${fit('node', shape.name)} ${fit('phase', 5 + 1 + detail)}${fit('age', 6, 'right')}${tail}`, 'bold']];
}

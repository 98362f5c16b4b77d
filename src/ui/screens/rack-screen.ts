import { nodeOf } from '../../core/fleet.ts';
import type { NodeState } from '../../core/node.ts';
import { layoutFor, rackGrid, windowTop } from '../select/layout.ts';
import { addressOf } from '../select/node-look.ts';
import { shownList } from '../select/shown-list.ts';
import { columnHeight } from '../state/move-cursor.ts';
import { showText } from '../terminal/fit-text.ts';
import { type Box, padLines, type Scene } from '../widgets/scene.ts';
import { renderEnds, renderSelected, renderSpans, type Span } from '../widgets/spans.ts';
import { emptyFleetLines } from './empty-fleet.ts';
import { type RackRowShape, rackHeadSpans, rackRowSpans, shapeRows } from './rack-rows.ts';

/** The rack: forty units in two columns of twenty on an 80-column console, one column when narrow. */
export function renderRackScreen(scene: Scene, box: Box): string[] {
  const { model, theme } = scene;
  const layout = layoutFor(model.ui.size.columns, model.ui.size.rows);
  const grid = rackGrid(layout, model.ui.zoomed);
  const list = shownList(model);
  if (list === undefined || list.ids.length === 0) return padLines(emptyFleetLines(scene, box), box);
  const rows = rackWindow(scene);
  if (grid.across === 1) {
    const shape = shapeRows(list.ids, box.width);
    const head = layout.rows < 14 ? [] : [renderSpans(theme, rackHeadSpans(shape), box.width)];
    return padLines([...head, ...rows.map((row) => drawRow(scene, row, shape))], box);
  }
  const left = shapeRows(list.ids, Math.floor(box.width / 2) - 1);
  const right = shapeRows(list.ids, box.width - left.width - 2);
  const height = columnHeight(list.ids.length, grid.height);
  const lines = [
    renderSpans(theme, [...rackHeadSpans(left), ` ${theme.glyphs.vertical}`, ...rackHeadSpans(right)], box.width),
  ];
  for (let at = 0; at < height; at++) {
    lines.push(`${drawRow(scene, rows[at], left)} ${theme.glyphs.vertical}${drawRow(scene, rows[at + height], right)}`);
  }
  return padLines(lines, box);
}

/** The middle pane of a wide screen: title, heads, rows with address and image. */
export function renderRackPane(scene: Scene, box: Box): string[] {
  const { model, theme } = scene;
  const { filter, sort } = model.ui;
  const rack = model.view.rack ?? '-';
  const list = shownList(model);
  const title: readonly Span[] = [
    [filter === '' ? `RACK ${showText(rack, theme.set)}` : 'ALL RACKS', 'bold'],
    `   ${list?.ids.length ?? 0} nodes`,
  ];
  const right: readonly Span[] = [
    `sort: ${sort.column === 'unit' ? 'U' : sort.column}  filter: ${filter === '' ? '-' : showText(filter, theme.set, 20)}`,
  ];
  const head = renderEnds(theme, title, right, box.width);
  if (list === undefined || list.ids.length === 0) return padLines([head, ...emptyFleetLines(scene, box)], box);
  const shown = rackWindow(scene);
  const addresses = shown.flatMap((row) => shownAddress(nodeOf(model.fleet, row.name)));
  const shape = shapeRows(list.ids, box.width, addresses);
  return padLines(
    [head, renderSpans(theme, rackHeadSpans(shape), box.width), ...shown.map((row) => drawRow(scene, row, shape))],
    box,
  );
}

const shownAddress = (node: NodeState | undefined): readonly string[] => (node === undefined ? [] : [addressOf(node)]);

interface WindowRow {
  readonly name: string;
  readonly here: boolean;
}

function rackWindow({ model }: Scene): readonly WindowRow[] {
  const list = shownList(model);
  if (list === undefined) return [];
  const top = windowTop(model.ui.tops.nodes ?? 0, list.cursor, list.ids.length, list.height);
  return list.ids.slice(top, top + list.height).map((name, at) => ({ name, here: top + at === list.cursor }));
}

function drawRow({ model, theme }: Scene, row: WindowRow | undefined, shape: RackRowShape): string {
  const node = row === undefined ? undefined : nodeOf(model.fleet, row.name);
  if (row === undefined || node === undefined) return ' '.repeat(shape.width);
  const spans = rackRowSpans(theme, { node, here: row.here, marked: model.ui.marks.includes(row.name) }, shape, model);
  return row.here ? renderSelected(theme, spans, shape.width) : renderSpans(theme, spans, shape.width);
}

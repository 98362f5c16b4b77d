import { nodeOf } from '../../core/fleet.ts';
import type { NodeState } from '../../core/node.ts';
import { windowTop } from '../select/layout.ts';
import { shownColumns } from '../select/list-columns.ts';
import { shownList } from '../select/shown-list.ts';
import { type Box, padLines, type Scene } from '../widgets/scene.ts';
import { type Column, renderTable } from '../widgets/table.ts';
import { emptyFleetLines } from './empty-fleet.ts';
import { listCells } from './list-cells.ts';

/** All machines in one table, sorted by any column; columns go from the right when there is no room. */
export function renderListScreen(scene: Scene, box: Box): string[] {
  const { model, theme } = scene;
  const list = shownList(model);
  if (list === undefined || list.ids.length === 0) return padLines(emptyFleetLines(scene, box), box);
  const top = windowTop(model.ui.tops.nodes ?? 0, list.cursor, list.ids.length, list.height);
  // Only the window is made into rows: 2,000 nodes cost the same as 20.
  const rows = list.ids.slice(top, top + list.height).flatMap((name) => nodeOf(model.fleet, name) ?? []);
  const state = {
    top: 0,
    cursor: list.cursor - top,
    marked: (at: number) => model.ui.marks.includes(rows[at]?.name ?? ''),
  };
  return padLines(renderTable(theme, listColumns(scene), rows, state, box), box);
}

function listColumns(scene: Scene): readonly Column<NodeState>[] {
  const { sort, look } = scene.model.ui;
  const cells = listCells(scene);
  const { set, glyphs } = scene.theme;
  // A letter `v` behind a title would read as a part of it.
  const [up, down] = set === 'ascii' ? ['-', '+'] : [glyphs.up, glyphs.down];
  return shownColumns(look).map((id) => {
    const cell = cells[id];
    return cell.sort === sort.column ? { ...cell, title: `${cell.title}${sort.reverse ? up : down}` } : cell;
  });
}

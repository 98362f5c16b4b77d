import { nodeOf } from '../../core/fleet.ts';
import type { NodeState } from '../../core/node.ts';
import { renderAge } from '../format/duration.ts';
import { windowTop } from '../select/layout.ts';
import { addressOf, imageOf, lookOf, percentOf, rackOf, reasonOf, sinceOf, stepOf } from '../select/node-look.ts';
import { shownList } from '../select/shown-list.ts';
import { showText } from '../terminal/fit-text.ts';
import { type Box, padLines, type Scene } from '../widgets/scene.ts';
import { renderSpans } from '../widgets/spans.ts';
import { type Column, renderTable } from '../widgets/table.ts';

/** All machines in one table, sorted by any column; columns go from the right when there is no room. */
export function renderListScreen(scene: Scene, box: Box): string[] {
  const { model, theme } = scene;
  const list = shownList(model);
  if (list === undefined || list.ids.length === 0) {
    const why =
      model.view.total === 0
        ? ' No machines yet.'
        : ` No node matches /${showText(model.ui.filter, theme.set)}   esc clears the filter`;
    return padLines([renderSpans(theme, [''], box.width), renderSpans(theme, [[why, 'bold']], box.width)], box);
  }
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

function listColumns({ model, theme }: Scene): readonly Column<NodeState>[] {
  const show = (text: string) => showText(text, theme.set);
  const sorted = (column: string, title: string) =>
    model.ui.sort.column === column ? `${title}${model.ui.sort.reverse ? theme.glyphs.up : theme.glyphs.down}` : title;
  const usual: readonly Column<NodeState>[] = [
    { title: sorted('name', 'node'), width: 18, min: 10, text: (node) => show(node.name) },
    { title: sorted('state', 'phase'), width: 6, text: (node) => lookOf(node).word, tone: (node) => lookOf(node).tone },
    {
      title: 'what',
      width: 30,
      min: 12,
      grow: true,
      text: (node) => show(whatOf(node)),
      tone: (node) => (reasonOf(node) === '' ? undefined : lookOf(node).tone),
    },
    {
      title: sorted('progress', 'done'),
      width: 5,
      right: true,
      text: (node) => (percentOf(node) === undefined ? '' : `${percentOf(node)}%`),
    },
    { title: sorted('age', 'age'), width: 6, right: true, text: (node) => renderAge(model.nowMs - sinceOf(node)) },
    { title: 'rack', width: 5, text: (node) => show(rackOf(node)) },
    { title: sorted('unit', 'U'), width: 3, right: true, text: (node) => String(node.spec.place.unit ?? '') },
    { title: sorted('address', 'address'), width: 15, text: (node) => addressOf(node) },
    { title: 'image', width: 9, text: (node) => show(imageOf(node)) },
  ];
  const more: readonly Column<NodeState>[] = [
    { title: 'role', width: 13, text: (node) => show(node.spec.role) },
    { title: 'mac', width: 17, text: (node) => node.seen.mac ?? node.spec.identity.macs[0] ?? '' },
    { title: 'serial', width: 14, text: (node) => show(node.seen.serial ?? node.spec.identity.serial ?? '') },
    { title: 'power', width: 7, text: (node) => node.power.is },
  ];
  return model.ui.look.wide ? [...usual, ...more] : usual;
}

const whatOf = (node: NodeState): string =>
  reasonOf(node) || stepOf(node) || (node.job === undefined ? '' : node.job.kind);

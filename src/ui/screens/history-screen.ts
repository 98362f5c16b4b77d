import type { AuditLine } from '../../link/screen-port.ts';
import { renderClock } from '../format/duration.ts';
import { countOf } from '../select/bring-up-checks.ts';
import { matchesEntry, wordsOf } from '../select/history-words.ts';
import { windowTop } from '../select/layout.ts';
import { shownList } from '../select/shown-list.ts';
import { showText } from '../terminal/fit-text.ts';
import { type Box, padLines, type Scene } from '../widgets/scene.ts';
import { renderSpans } from '../widgets/spans.ts';
import { type Column, renderTable } from '../widgets/table.ts';
import { openEntry, renderHistoryEntry } from './history-entry.ts';

/** What was done, by whom, from where, and what came of it: newest first. */
export function renderHistoryScreen(scene: Scene, box: Box): string[] {
  const { model, theme } = scene;
  const open = openEntry(model);
  if (open !== undefined) return renderHistoryEntry(scene, open, box);
  const list = shownList(model);
  const head = [
    renderSpans(theme, [` ${countOf(model.audit.length, 'action')}, newest first`], box.width),
    theme.glyphs.horizontal.repeat(box.width),
  ];
  if (list === undefined || model.audit.length === 0)
    return padLines([...head, renderSpans(theme, [['   Nobody has done anything yet.', 'dim']], box.width)], box);
  const height = Math.max(1, box.height - 3);
  const top = windowTop(model.ui.tops.audit ?? 0, list.cursor, model.audit.length, height);
  const rows = model.audit.slice(top, top + height);
  const marked = (at: number) => {
    const row = rows[at];
    return row !== undefined && matchesEntry(row, model.ui.log.search);
  };
  return padLines(
    [
      ...head,
      ...renderTable(
        theme,
        columns(scene),
        rows,
        { top: 0, cursor: list.cursor - top, marked },
        { width: box.width, height: height + 1 },
      ),
    ],
    box,
  );
}

function columns({ model, theme }: Scene): readonly Column<AuditLine>[] {
  const show = (text: string) => showText(text, theme.set);
  const { zoneMinutes } = model.session;
  const isNarrow = model.ui.size.columns < 60;
  return [
    // In a narrow window the day gives way to the machine.
    {
      title: 'when',
      width: isNarrow ? 8 : 15,
      text: ({ at }) => `${isNarrow ? '' : `${dayOf(at, zoneMinutes)} `}${renderClock(at, zoneMinutes)}`,
    },
    { title: 'who', width: 12, min: isNarrow ? 6 : 8, text: (line) => show(line.who) },
    { title: 'what', width: 18, min: isNarrow ? 13 : 14, text: (line) => show(wordsOf(line)) },
    {
      title: 'nodes',
      width: 18,
      min: 10,
      text: (line) =>
        show(line.nodes.length > 1 ? `${line.nodes.length}: ${line.nodes.join(' ')}` : (line.nodes[0] ?? '')),
    },
    { title: 'outcome', width: 20, min: 16, grow: true, text: (line) => show(line.outcome) },
    { title: 'from', width: 14, text: (line) => show(line.from) },
    { title: 'screen', width: 9, text: (line) => show(line.screen ?? '') },
  ];
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** `21 Nov` */
function dayOf(atMs: number, zoneMinutes: number): string {
  const date = new Date(atMs + zoneMinutes * 60_000);
  return `${String(date.getUTCDate()).padStart(2, '0')} ${MONTHS[date.getUTCMonth()] ?? ''}`;
}

import { nodeOf, nodesWithMac } from '../../core/fleet.ts';
import type { AuditLine } from '../../link/screen-port.ts';
import { renderClock } from '../format/duration.ts';
import { keyIn } from '../keys/keymap.ts';
import { wordsOf } from '../select/history-words.ts';
import { layoutFor } from '../select/layout.ts';
import { shownList } from '../select/shown-list.ts';
import type { ScreenModel } from '../state/screen-model.ts';
import { routeOf } from '../state/ui-state.ts';
import { showText, wrapText } from '../terminal/fit-text.ts';
import type { GlyphSet } from '../terminal/terminal-profile.ts';
import { type Box, padLines, type Scene } from '../widgets/scene.ts';
import { renderEnds, renderSpans } from '../widgets/spans.ts';

/** One entry of the history in full: what the columns of the list cut. */
export function renderHistoryEntry(scene: Scene, line: AuditLine, box: Box): string[] {
  const { model, theme } = scene;
  const list = shownList(model);
  const lines = entryLines(model, line, box.width, theme.set).map((text) => renderSpans(theme, [text], box.width));
  const height = Math.max(1, box.height - HEAD_LINES);
  const top = Math.min(model.ui.partTop, Math.max(0, lines.length - height));
  const below = lines.length - top - height;
  const more = below > 0 ? `${below} more lines below  ` : '';
  const head = [
    renderEnds(
      theme,
      [' ', ['entry', 'bold'], ` ${(list?.cursor ?? 0) + 1} of ${model.audit.length}`],
      [more],
      box.width,
    ),
    theme.glyphs.horizontal.repeat(box.width),
  ];
  return padLines([...head, ...lines.slice(top, top + height)], box);
}

const HEAD_LINES = 2;

/** The entry that is open, not the list. */
export function openEntry(model: ScreenModel): AuditLine | undefined {
  if (routeOf(model.ui).is !== 'history' || !model.ui.zoomed) return undefined;
  return model.audit[shownList(model)?.cursor ?? 0];
}

/** The first machine of an entry that is in the inventory now: by its name, or as the MAC that was adopted. */
export function nodeOfEntry({ fleet }: ScreenModel, { nodes }: AuditLine): string | undefined {
  for (const one of nodes) {
    if (nodeOf(fleet, one) !== undefined) return one;
    const [named, ...others] = nodesWithMac(fleet, one);
    if (named !== undefined && others.length === 0) return named;
  }
  return undefined;
}

export function lastEntryTop(model: ScreenModel, line: AuditLine): number {
  const { columns, rows } = model.ui.size;
  return Math.max(0, entryLines(model, line, columns).length - (layoutFor(columns, rows).body - HEAD_LINES));
}

function entryLines(model: ScreenModel, line: AuditLine, width: number, set: GlyphSet = 'unicode'): readonly string[] {
  const { zoneMinutes } = model.session;
  const date = new Date(line.at + zoneMinutes * 60_000).toISOString().slice(0, 10);
  const node = nodeOfEntry(model, line);
  const key = keyIn(model.keymap, 'history', 'open');
  const facts: readonly (readonly [name: string, text: string])[] = [
    ['when', `${date} ${renderClock(line.at, zoneMinutes)}`],
    ['who', [line.who, `from ${line.from}`, ...(line.screen === undefined ? [] : [`by ${line.screen}`])].join(' ')],
    ['what', wordsOf(line)],
    ['outcome', line.outcome],
    ['nodes', line.nodes.length > 1 ? `${line.nodes.length}: ${line.nodes.join(' ')}` : (line.nodes[0] ?? 'none')],
    ['', node === undefined ? 'None of them is in the inventory now.' : `${key} opens ${node}.`],
  ];
  return facts
    .filter(([name]) => name !== '' || line.nodes.length > 0)
    .flatMap(([name, text]) =>
      wrapText(showText(text, set, 20_000), Math.max(10, width - NAME_WIDTH - 2)).map(
        (part, at) => ` ${(at === 0 ? name : '').padEnd(NAME_WIDTH)}${part}`,
      ),
    );
}

const NAME_WIDTH = 9;

import type { LogLevel, LogLine } from '../../link/screen-port.ts';
import { renderClock } from '../format/duration.ts';
import type { ActionId } from '../keys/action-id.ts';
import { type Keymap, keyIn } from '../keys/keymap.ts';
import { countNew, type LogBuffer, linesInView, matchesSearch, type NumberedLine } from '../state/log-buffer.ts';
import type { LogView } from '../state/ui-state.ts';
import { clip, showText, wrapText } from '../terminal/fit-text.ts';
import type { Theme, Tone } from '../terminal/theme.ts';
import { renderRule } from './frame.ts';
import { renderSpans, type Span } from './spans.ts';

const LEVEL_NAMES: { readonly [L in LogLevel]: string } = {
  debug: 'all',
  info: 'info+',
  warn: 'warn+',
  error: 'error',
};
const LEVEL_TONES: { readonly [L in LogLevel]: Tone } = { debug: 'dim', info: 'plain', warn: 'warn', error: 'bad' };

export interface LogPane {
  readonly title: string;
  readonly buffer: LogBuffer;
  readonly view: LogView;
  readonly zoneMinutes: number;
  readonly focused: boolean;
  readonly keymap: Keymap;
}

/** A rule with the state of the pane, then the newest lines that fit, or those around where the operator stopped. */
export function renderLogPane(theme: Theme, pane: LogPane, box: { width: number; height: number }): string[] {
  const { view, buffer } = pane;
  const fresh = countNew(buffer, view);
  const key = (action: ActionId) => keyIn(pane.keymap, 'log', action);
  const head = renderRule(
    theme,
    [
      `${pane.focused ? '>' : ''}LOG${pane.title === '' ? '' : ` ${pane.title}`}`,
      `${key('follow')} follow:${view.follow ? 'ON' : `OFF${fresh > 0 ? ` (${fresh} new, ${key('last')} to catch up)` : ''}`}`,
      `${key('level')} level:${LEVEL_NAMES[view.level]}`,
      view.search === ''
        ? `${key('search')} search`
        : `/ "${showText(view.search, theme.set)}" ${key('matchOn')}/${key('matchBack')}`,
      `${key('wrap')} wrap${view.wrap ? ':ON' : ''}`,
      `${key('copy')} copy line`,
      `${key('pager')} less`,
    ],
    box.width,
  );
  const rows = Math.max(0, box.height - 1);
  const body = linesInView(buffer, view, rows).flatMap((one) => renderLine(theme, pane, one, box.width));
  const shown = body.slice(-rows);
  if (buffer.lines.length === 0 && rows > 0)
    shown.push(renderSpans(theme, [[' nothing was logged yet', 'dim']], box.width));
  return [head, ...shown];
}

function renderLine(theme: Theme, pane: LogPane, { line }: NumberedLine, width: number): string[] {
  const hit = matchesSearch(line, pane.view.search);
  const tone = LEVEL_TONES[line.level];
  const clock = `${hit ? '>' : ' '}${renderClock(line.at, pane.zoneMinutes)} `;
  // In a narrow pane the text is worth more than where it came from.
  const lead = width < 44 ? clock : `${clock}${clip(showText(line.source, theme.set), 4).padEnd(4)} `;
  const indent = width < 44 ? '  ' : ' '.repeat(lead.length);
  const text = levelWord(line) + showText(line.text, theme.set, 2_000);
  const room = Math.max(1, width - lead.length);
  const parts = pane.view.wrap ? wrapText(text, room, 20) : [text];
  return parts.map((part, at) =>
    renderSpans(theme, at === 0 ? [lead, toned(part, hit, tone)] : [indent, toned(part, hit, tone)], width),
  );
}

const toned = (text: string, hit: boolean, tone: Tone): Span =>
  hit ? [text, 'bold'] : tone === 'plain' ? text : [text, tone];

/** The level as a word, for eyes and terminals without colour. */
const levelWord = (line: LogLine): string => (line.level === 'error' ? 'ERROR ' : line.level === 'warn' ? 'WARN ' : '');

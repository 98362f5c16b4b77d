import { nodeOf } from '../../core/fleet.ts';
import { forbiddenText } from '../../core/forbidden.ts';
import type { NodeState } from '../../core/node.ts';
import { addressTrouble } from '../../core/not-at-ip.ts';
import { protectionOf } from '../../core/protection.ts';
import { unkeptOf } from '../../core/unkept.ts';
import { renderSpan } from '../format/duration.ts';
import { keyIn } from '../keys/keymap.ts';
import { awaitedText, unheardOf } from '../select/awaited.ts';
import { addressOf, imageOf, lookOf, reasonOf, sinceOf } from '../select/node-look.ts';
import { shownList } from '../select/shown-list.ts';
import { curesOf } from '../state/cures.ts';
import { nodeUnderCursor } from '../state/move-cursor.ts';
import { screenMode } from '../state/press-key.ts';
import type { ScreenModel } from '../state/screen-model.ts';
import { showText } from '../terminal/fit-text.ts';
import type { Scene } from '../widgets/scene.ts';
import { renderEnds, type Span } from '../widgets/spans.ts';
import { ageWords } from './node-age.ts';
import { rowCount } from './row-count.ts';
import { toastSpans } from './toast-lines.ts';

/** The line about the machine under the cursor; a toast takes its place for a while. */
export function renderProblemLine({ model, theme }: Scene, width: number): string {
  const row = rowCount(model);
  const toast = toastSpans({ model, theme });
  if (toast !== undefined) return renderEnds(theme, toast, [row], width);
  const node = nodeOf(model.fleet, nodeUnderCursor(model) ?? '');
  if (node === undefined)
    return renderEnds(theme, [` ${showText(model.view.filterProblem ?? wholeRow(model), theme.set)}`], [row], width);
  const show = (text: string) => showText(text, theme.set);
  const look = lookOf(node);
  const ago = renderSpan(model.nowMs - sinceOf(node));
  const reason = [reasonOf(node), forbiddenText(model.fleet, node)].filter(Boolean).join('; ');
  const waits = awaitedText(node, model);
  // What its operator looks for now; since when it is as it is, he knows.
  const ordered = unheardOf(node, model) !== undefined;
  const guard = protectionOf(node);
  const contested = addressTrouble(model.fleet, node, model.nowMs);
  const unsaved = unkeptOf(model.fleet, node.name);
  const marked = model.ui.marks.length > 0 ? ` ${model.ui.marks.length} marked ` : ' ';
  const word: Span = [LONG_WORDS[look.word.trim()] ?? look.word.trim(), look.tone];
  const left: readonly Span[] =
    reason !== '' && !ordered
      ? [
          marked,
          show(node.name),
          ' ',
          word,
          ` ${ago} ago: `,
          show(reason),
          ...(show(reason).length < width - 60 ? [wayOn(model, node)] : []),
        ]
      : [
          marked,
          show(node.name),
          ' ',
          word,
          ...(unsaved === undefined ? [] : [[`   ${unsaved} NOT SAVED`, 'bad'] as const]),
          ...(contested === undefined ? [] : [[`   ${show(contested)}`, 'warn'] as const]),
          `${ordered ? '' : ageWords(node, model.nowMs)}   ${waits === '' ? '' : `${waits}   `}${guard === undefined ? '' : `${show(guard)}   `}${show(addressOf(node))}   profile ${show(node.spec.profile)}   image ${show(imageOf(node) || '-')}`,
        ];
  return renderEnds(theme, left, [row], width);
}

/** Where Enter tells why, and what helps first against it: not on the page that Enter opens. */
function wayOn(model: ScreenModel, node: NodeState): string {
  const mode = screenMode(model.ui);
  if (mode !== 'rack' && mode !== 'list') return '';
  const [cure] = curesOf(model, mode, node);
  // A key of a menu and its line are no equation: `a > read its BMC`.
  const helps = cure === undefined ? '' : `  ${cure.keys}${cure.keys.includes(' ') ? ' ' : '='}${cure.words}`;
  return `   ${keyIn(model.keymap, mode, 'open')}=why${helps}`;
}

/** What the columns of the row under the cursor cut: how an action ended, what is to be said of a service. */
function wholeRow(model: ScreenModel): string {
  const list = shownList(model);
  if (list?.name === 'audit') return model.audit[list.cursor]?.outcome ?? '';
  const service = list?.name === 'services' ? model.services[list.cursor] : undefined;
  return service === undefined ? '' : [service.name, service.listens, service.note ?? ''].filter(Boolean).join('  ');
}

const LONG_WORDS: Readonly<Record<string, string>> = {
  '!FAIL': 'FAILED',
  '?STAL': 'STALLED',
  '=RDY': 'READY',
  '?LATE': 'LATE',
  '#HOLD': 'ON HOLD',
  '!IDNT': 'CONFLICT',
  '=MNT': 'IN MAINTENANCE',
  '=RAM': 'IN RESCUE',
};

import { nodeOf } from '../../core/fleet.ts';
import type { NodeState } from '../../core/node.ts';
import { protectionOf } from '../../core/protection.ts';
import { renderSpan } from '../format/duration.ts';
import { type ActionId, actionInfo } from '../keys/action-id.ts';
import { keyIn, keysOf, type ScreenMode } from '../keys/keymap.ts';
import { addressOf, imageOf, lookOf, reasonOf, sinceOf } from '../select/node-look.ts';
import { shownList } from '../select/shown-list.ts';
import { curesOf } from '../state/cures.ts';
import { nodeUnderCursor } from '../state/move-cursor.ts';
import { screenMode } from '../state/press-key.ts';
import type { ScreenModel } from '../state/screen-model.ts';
import { routeOf } from '../state/ui-state.ts';
import { whyNotHere } from '../state/why-not-here.ts';
import { fitText, showText, widthOf } from '../terminal/fit-text.ts';
import type { Scene } from '../widgets/scene.ts';
import { renderEnds, renderSpans, type Span, spansWidth } from '../widgets/spans.ts';
import { fieldSpans } from '../widgets/text-field.ts';
import { toastSpans } from './toast-lines.ts';

/** `row 8/40`: where the cursor is in its list. */
export function rowCount(model: ScreenModel): string {
  const list = shownList(model);
  return list === undefined || list.ids.length === 0 ? '' : `row ${list.cursor + 1}/${list.ids.length}`;
}

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
  const reason = reasonOf(node);
  const guard = protectionOf(node);
  const marked = model.ui.marks.length > 0 ? ` ${model.ui.marks.length} marked ` : ' ';
  const word: Span = [LONG_WORDS[look.word.trim()] ?? look.word.trim(), look.tone];
  const left: readonly Span[] =
    reason !== ''
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
          ` for ${ago}   ${guard === undefined ? '' : `${show(guard)}   `}${show(addressOf(node))}   profile ${show(node.spec.profile)}   image ${show(imageOf(node) || '-')}`,
        ];
  return renderEnds(theme, left, [row], width);
}

/** Where Enter tells why, and what helps first against it: not on the page that Enter opens. */
function wayOn(model: ScreenModel, node: NodeState): string {
  const mode = screenMode(model.ui);
  if (mode !== 'rack' && mode !== 'list') return '';
  const [cure] = curesOf(model, mode, node);
  const helps = cure === undefined ? '' : `  ${cure.keys}=${cure.words}`;
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
/** What the bottom line offers, most wanted first; what does not fit is left out whole. */
const HINTS: { readonly [M in ScreenMode]: readonly ActionId[] } = {
  rack: [
    'rackBack',
    'filter',
    'open',
    'mark',
    'menu',
    'showDiscovery',
    'help',
    'palette',
    'retry',
    'reinstall',
    'serial',
    'problemOn',
    'zoom',
    'quit',
  ],
  list: [
    'filter',
    'open',
    'mark',
    'menu',
    'sort',
    'columns',
    'help',
    'palette',
    'retry',
    'reinstall',
    'problemOn',
    'quit',
  ],
  node: ['back', 'problemOn', 'retry', 'reinstall', 'serial', 'menu', 'planPage', 'help', 'follow', 'zoom'],
  log: ['back', 'matchOn', 'search', 'follow', 'level', 'saveLog', 'help'],
  discovery: ['mark', 'markAll', 'adopt', 'ignore', 'discovery', 'back', 'help'],
  bringUp: [
    'proceed',
    'wavePause',
    'waveResume',
    'waveCancel',
    'back',
    'help',
    'rackBack',
    'open',
    'export',
    'problemOn',
  ],
  jobs: ['open', 'cancelJob', 'wavePause', 'waveResume', 'waveCancel', 'pane', 'mark', 'menu', 'back', 'help'],
  services: ['pane', 'search', 'matchOn', 'follow', 'saveLog', 'restart', 'back', 'help'],
  history: ['search', 'matchOn', 'open', 'export', 'back', 'help'],
  plan: ['planOn', 'down', 'up', 'install', 'reinstall', 'back', 'help'],
};

/** Nothing is there to act on before the engine is. */
const STARTING_HINTS: readonly ActionId[] = ['quit', 'suspend', 'help'];

const OWN_HINTS: { readonly [A in ActionId]?: string } = {
  back: 'back',
  markAll: 'mark all shown',
  discovery: 'discovery',
  waveCancel: 'cancel the rest',
  restart: 'restart service',
  saveLog: 'save log',
  matchOn: 'next match',
  pane: 'next pane',
  down: 'down',
  up: 'up',
  level: 'level',
  ignore: 'ignore',
};

export function renderKeyLine(scene: Scene, width: number, hasProblemLine: boolean): string {
  const { model, theme } = scene;
  const { dialog, filter } = model.ui;
  const right: readonly Span[] = hasProblemLine ? [] : [rowCount(model)];
  if (dialog?.kind === 'field') return fieldLine(scene, width);
  const route = routeOf(model.ui).is;
  if (filter !== '' && (route === 'rack' || route === 'list')) {
    return renderEnds(
      theme,
      [' ', [`/${showText(filter, theme.set)}`, 'bold'], `  ${filterCount(model)}`],
      ['esc clear  ? help  ', ...right],
      width,
    );
  }
  const mode = screenMode(model.ui);
  const hints = model.link.is === 'connecting' ? STARTING_HINTS : hintsOf(model, mode);
  const played = (model.session.player?.keys ?? []).map(([keys, what]): readonly Span[] => [keys, [` ${what}`, 'dim']]);
  const pieces = [...new Set(hints)].flatMap((action): readonly (readonly Span[])[] => {
    const keys = whyNotHere(model, action) === undefined ? hintKeys(model, mode, action) : '';
    return keys === '' ? [] : [[keys, [` ${hintOf(model, action)}`, 'dim']]];
  });
  const room = width - spansWidth(right) - 2;
  return right.length === 0
    ? renderSpans(theme, [' ', ...keepHelp([...played, ...pieces], room)], width)
    : renderEnds(theme, [' ', ...keepHelp([...played, ...pieces], room)], right, width);
}

/** In one column the rest of a node's page is one key away, and that key must be known. */
const hintsOf = (model: ScreenModel, mode: ScreenMode): readonly ActionId[] =>
  mode === 'node' && model.ui.size.columns < 80 ? ['back', 'zoom', ...HINTS.node] : HINTS[mode];

/** As many hints as fit, in their order, but the key for help always. */
function keepHelp(pieces: readonly (readonly Span[])[], room: number): readonly Span[] {
  const help = pieces.find((piece) => piece[0] === '?');
  const others = pieces.filter((piece) => piece !== help);
  const line: Span[] = [];
  let used = help === undefined ? 0 : spansWidth(help) + 2;
  for (const piece of others) {
    const own = spansWidth(piece) + 2;
    if (used + own > room) break;
    line.push(...piece, '  ');
    used += own;
  }
  return help === undefined ? line : [...line, ...help];
}

function hintKeys(model: ScreenModel, mode: ScreenMode, action: ActionId): string {
  const first = (id: ActionId) => keysOf(model.keymap, mode, id)[0] ?? '';
  if (action === 'rackBack') return `${first('rackBack')} ${first('rackOn')}`.trim();
  // The letter is shorter to say than the number that help tells.
  return action === 'showDiscovery' ? (keysOf(model.keymap, mode, action).at(-1) ?? '') : first(action);
}

function hintOf(model: ScreenModel, action: ActionId): string {
  if (action === 'adopt' && model.fleet.strangers.size > 0)
    return `adopt ${Math.max(1, model.ui.strangerMarks.length)}`;
  return OWN_HINTS[action] ?? actionInfo(action).hint ?? actionInfo(action).help;
}

function filterCount(model: ScreenModel): string {
  const shown = routeOf(model.ui).is === 'list' ? model.view.visible.length : model.view.inRack.length;
  return model.view.filterProblem === undefined ? `${shown} of ${model.view.total}` : 'not understood';
}

function fieldLine({ model, theme }: Scene, width: number): string {
  const { dialog } = model.ui;
  if (dialog?.kind !== 'field') return '';
  const count = dialog.what === 'filter' ? filterCount(model) : 'n/N match';
  const problem = dialog.what === 'filter' ? model.view.filterProblem : undefined;
  // What was typed stays in view, whatever is to be said about it.
  const most = Math.max(10, width - Math.max(16, [...dialog.edit.text].length + 6));
  const right: readonly Span[] =
    problem === undefined
      ? [showText(count, theme.set, 60), '  enter keep  esc clear ']
      : [[fitText(showText(problem, theme.set), Math.min(most, widthOf(problem))), 'warn'], ' '];
  const room = Math.max(8, width - spansWidth(right) - 4);
  return renderEnds(theme, [' ', ['/', 'bold'], ...fieldSpans(theme, dialog.edit, room, true)], right, width);
}

import { type ActionId, actionInfo } from '../keys/action-id.ts';
import { keysOf, type ScreenMode } from '../keys/keymap.ts';
import { screenMode } from '../state/press-key.ts';
import type { ScreenModel } from '../state/screen-model.ts';
import { whyNotHere } from '../state/why-not-here.ts';
import { type Span, spansWidth } from '../widgets/spans.ts';

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
  bringUp: ['waveResume', 'wavePause', 'waveCancel', 'back', 'help', 'rackBack', 'open', 'export', 'problemOn'],
  jobs: ['open', 'cancelJob', 'waveResume', 'wavePause', 'waveCancel', 'pane', 'mark', 'menu', 'back', 'help'],
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
  problemOn: 'next problem',
  pane: 'next pane',
  down: 'down',
  up: 'up',
  level: 'level',
  ignore: 'ignore',
};

/** The keys of the bottom line: what can be done here and now, as many as fit into `room`, and help always. */
export function hintSpans(model: ScreenModel, room: number): readonly Span[] {
  const mode = screenMode(model.ui);
  const hints = model.link.is === 'connecting' ? STARTING_HINTS : hintsOf(model, mode);
  const played = (model.session.player?.keys ?? []).map(([keys, what]): readonly Span[] => [keys, [` ${what}`, 'dim']]);
  const pieces = [...new Set(hints)].flatMap((action): readonly (readonly Span[])[] => {
    const keys = whyNotHere(model, action) === undefined ? hintKeys(model, mode, action) : '';
    return keys === '' ? [] : [[keys, [` ${hintOf(model, action)}`, 'dim']]];
  });
  return keepHelp([...played, ...pieces], room);
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
  // Without a search the key goes to the next problem, as on every other screen.
  if (action === 'matchOn' && model.ui.log.search === '') return hintOf(model, 'problemOn');
  return OWN_HINTS[action] ?? actionInfo(action).hint ?? actionInfo(action).help;
}

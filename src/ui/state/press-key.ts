import { type ActionGroup, type ActionId, actionInfo } from '../keys/action-id.ts';
import { type Key, type KeyPress, TYPED_BURST } from '../keys/key.ts';
import { findAction, type Mode, type ScreenMode } from '../keys/keymap.ts';
import { clickAt } from './click-at.ts';
import { insertText } from './edit-text.ts';
import { reduceAction } from './reduce-action.ts';
import { reduceDialog } from './reduce-dialog.ts';
import { withField } from './reduce-field.ts';
import { PASTE_NOTE } from './reduce-typed.ts';
import type { ScreenModel } from './screen-model.ts';
import { withToast } from './toasts.ts';
import { type Step, still } from './ui-effect.ts';
import { routeOf, type UiState } from './ui-state.ts';
import { withDialog } from './with-ui.ts';

/** The one door for keys: which mode is on, what the key means in it, and what comes of it. Pure. */
export function pressKey(model: ScreenModel, key: Key): Step {
  if (key.kind === 'paste') return still(takePaste(model, key.text));
  if (key.kind === 'mouse') return still(takeMouse(model, key));
  const mode = modeOf(model.ui);
  const action = findAction(model.keymap, mode, key.name);
  const { dialog } = model.ui;
  if (dialog !== null) {
    return reduceDialog(model, dialog, {
      key,
      action,
      mode: screenMode(model.ui),
      run: (next, id) => reduceAction(next, id, screenMode(next.ui)),
    });
  }
  const after = action === undefined ? /^alt-(.)$/.exec(key.name)?.[1] : undefined;
  if (after !== undefined) return escAnd(model, after);
  if (action === undefined) return still(model);
  if (mayRun(action, key)) return reduceAction(model, action, screenMode(model.ui));
  // Said once for a whole paste: what looks dead would be pressed again and again.
  return model.ui.toasts.at(-1)?.text === BURST_NOTE ? still(model) : still(withToast(model, 'note', BURST_NOTE));
}

export function pressKeys(model: ScreenModel, keys: readonly Key[]): Step {
  const effects: Step['effects'][number][] = [];
  let now = model;
  for (const key of keys) {
    const step = pressKey(now, key);
    now = step.model;
    effects.push(...step.effects);
  }
  return { model: now, effects };
}

/** Esc and a letter in one read look like Alt with the letter: on a slow line, or a busy host, they are two keys. */
function escAnd(model: ScreenModel, letter: string): Step {
  const both = { kind: 'key', burst: 2, alone: false } as const;
  return pressKeys(model, [
    { ...both, name: 'esc', text: '' },
    { ...both, name: letter, text: letter },
  ]);
}

/**
 * In a burst only what moves or marks counts: autorepeat must not lose keys, and a paste must not act. Two keys in one
 * read are a quick hand on a busy host: what only looks is done, or the letters after a lost `:` would be commands.
 */
function mayRun(action: ActionId, key: KeyPress): boolean {
  if (key.alone) return true;
  const { group, tier } = actionInfo(action);
  if (key.burst <= TYPED_BURST && tier === 'read' && LOOKING.has(group)) return true;
  return group === 'move' || group === 'marks' || ['problemOn', 'problemBack', 'matchOn', 'matchBack'].includes(action);
}

const LOOKING: ReadonlySet<ActionGroup> = new Set(['find', 'screens', 'log', 'view']);
const BURST_NOTE = 'several keys at once only move: press it alone';

export function screenMode(ui: UiState): ScreenMode {
  const route = routeOf(ui);
  return route.is === 'node' && ui.pane === 'side' ? 'log' : route.is;
}

export function modeOf(ui: UiState): Mode {
  const { dialog } = ui;
  if (dialog === null) return screenMode(ui);
  return dialog.kind === 'help' && dialog.typing ? 'field' : dialog.kind;
}

function takePaste(model: ScreenModel, text: string): ScreenModel {
  const { dialog } = model.ui;
  const line = (text.split(/[\r\n]/)[0] ?? '').slice(0, 200);
  if (dialog?.kind === 'field') return withField(model, { ...dialog, edit: insertText(dialog.edit, line) });
  if (dialog?.kind === 'palette')
    return withDialog(model, { ...dialog, edit: insertText(dialog.edit, line), index: 0 });
  return dialog?.kind === 'typed' ? withDialog(model, { ...dialog, note: PASTE_NOTE }) : model;
}

function takeMouse(model: ScreenModel, key: Extract<Key, { kind: 'mouse' }>): ScreenModel {
  if (model.ui.dialog !== null) return model;
  switch (key.what) {
    case 'wheelUp':
    case 'wheelDown': {
      const one = key.what === 'wheelUp' ? 'up' : 'down';
      return [one, one, one].reduce((now, id) => {
        const moved = reduceAction(now, id as ActionId, screenMode(now.ui));
        return moved.model;
      }, model);
    }
    case 'press':
      return clickAt(model, key.column, key.row);
    case 'release':
      return model;
  }
}

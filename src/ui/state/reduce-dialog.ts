import { unreachable } from '../../core/result.ts';
import { type ActionId, actionInfo } from '../keys/action-id.ts';
import { type KeyPress, TYPED_BURST } from '../keys/key.ts';
import { keysOf, type ScreenMode } from '../keys/keymap.ts';
import { columnChoices, type ListColumn, moveColumn, toggleColumn } from '../select/list-columns.ts';
import { confirmTyped, readiness } from './ask-action.ts';
import { editText, insertText, type TextEdit } from './edit-text.ts';
import { menuItems, paletteItems } from './menus.ts';
import { type ScreenModel, withView } from './screen-model.ts';
import { withToast } from './toasts.ts';
import { type Step, still } from './ui-effect.ts';
import type { Dialog, TypedDialog } from './ui-state.ts';

/** Keys while a dialog is open. Nothing below the dialog sees them. */
type Open = NonNullable<Dialog>;
type RunAction = (model: ScreenModel, action: ActionId) => Step;

export interface DialogKey {
  readonly key: KeyPress;
  readonly action: ActionId | undefined;
  readonly mode: ScreenMode;
  /** Runs an action on the screen below, after the dialog closed. */
  readonly run: RunAction;
}

export function reduceDialog(model: ScreenModel, dialog: Open, press: DialogKey): Step {
  const { action } = press;
  if (action === 'redraw') return { model, effects: [{ type: 'redraw' }] };
  if (action === 'suspend') return { model, effects: [{ type: 'suspend' }] };
  if (action === 'interrupt') return still(withDialog(model, { kind: 'quitAsked' }));
  if (action === 'cancel') return still(closeDialog(model, dialog));
  // Enter out of a paste or a burst confirms nothing.
  if (action === 'confirm' && !press.key.alone) return still(model);
  switch (dialog.kind) {
    case 'help':
      return still(reduceHelp(model, dialog, press));
    case 'palette':
      return reducePalette(model, dialog, press);
    case 'menu':
      return reduceMenu(model, dialog, press);
    case 'field':
      return still(reduceField(model, dialog, press));
    case 'typed':
      return reduceTyped(model, dialog, press);
    case 'columns':
      return reduceColumns(model, dialog, press);
    case 'panicAsked':
      return action === 'confirm'
        ? { model: withDialog(model, null), effects: [{ type: 'act', action: { type: 'panic', on: true } }] }
        : still(model);
    case 'quitAsked':
      return action === 'confirm' ? { model, effects: [{ type: 'quit' }] } : still(model);
    default:
      return unreachable(dialog);
  }
}

export const withDialog = (model: ScreenModel, dialog: Dialog): ScreenModel => ({
  ...model,
  ui: { ...model.ui, dialog },
});

/** Esc in the filter field takes the filter off; elsewhere it only closes. */
function closeDialog(model: ScreenModel, dialog: Open): ScreenModel {
  const closed = withDialog(model, null);
  if (dialog.kind === 'field' && dialog.what === 'filter')
    return withView({ ...closed, ui: { ...closed.ui, filter: '' } });
  if (dialog.kind === 'field') return { ...closed, ui: { ...closed.ui, log: { ...closed.ui.log, search: '' } } };
  return closed;
}

function edited(edit: TextEdit, key: KeyPress): TextEdit | undefined {
  return editText(edit, key.name) ?? (key.text === '' ? undefined : insertText(edit, key.text));
}

function reduceHelp(
  model: ScreenModel,
  dialog: Extract<Open, { kind: 'help' }>,
  { key, action }: DialogKey,
): ScreenModel {
  if (dialog.typing) {
    if (key.name === 'enter') return withDialog(model, { ...dialog, typing: false });
    const search = edited(dialog.search, key);
    return search === undefined ? model : withDialog(model, { ...dialog, search, scroll: 0 });
  }
  const page = Math.max(1, model.ui.size.rows - 4);
  const steps: { readonly [A in ActionId]?: number } = {
    up: -1,
    down: 1,
    pageUp: -page,
    pageDown: page,
    first: -9999,
    last: 9999,
  };
  if (action === 'search') return withDialog(model, { ...dialog, typing: true });
  const step = action === undefined ? undefined : steps[action];
  return step === undefined
    ? model
    : withDialog(model, { ...dialog, scroll: Math.max(0, Math.min(200, dialog.scroll + step)) });
}

function reducePalette(model: ScreenModel, dialog: Extract<Open, { kind: 'palette' }>, press: DialogKey): Step {
  const items = paletteItems(model, press.mode, dialog.edit.text);
  const index = Math.min(dialog.index, Math.max(0, items.length - 1));
  if (press.action === 'up' || press.action === 'down') {
    const next = Math.max(0, Math.min(items.length - 1, index + (press.action === 'up' ? -1 : 1)));
    return still(withDialog(model, { ...dialog, index: next }));
  }
  if (press.action === 'confirm') {
    const chosen = items[index];
    return chosen === undefined ? still(model) : press.run(withDialog(model, null), chosen.action);
  }
  const edit = edited(dialog.edit, press.key);
  return still(edit === undefined ? model : withDialog(model, { ...dialog, edit, index: 0 }));
}

function reduceMenu(model: ScreenModel, dialog: Extract<Open, { kind: 'menu' }>, press: DialogKey): Step {
  const items = menuItems(model, dialog.of, dialog.nodes);
  if (items.length === 0) return still(model);
  if (press.action === 'up' || press.action === 'down') {
    const index = (dialog.index + (press.action === 'up' ? -1 : 1) + items.length) % items.length;
    return still(withDialog(model, { ...dialog, index }));
  }
  const byKey = press.key.alone
    ? items.find((item) => keysOf(model.keymap, 'rack', item.action).includes(press.key.name))
    : undefined;
  const chosen = press.action === 'confirm' ? items[dialog.index] : byKey;
  if (chosen === undefined) return still(model);
  const closed = withDialog(model, null);
  if (chosen.deed === undefined) return press.run(closed, chosen.action);
  return chosen.against === undefined
    ? { model: closed, effects: [{ type: 'act', action: chosen.deed }] }
    : still(withToast(closed, 'note', chosen.against));
}

/** Each change is on the list behind at once, and kept. */
function reduceColumns(model: ScreenModel, dialog: Extract<Open, { kind: 'columns' }>, { action }: DialogKey): Step {
  const { columns } = model.ui.look;
  const choices = columnChoices(columns);
  const here = choices[dialog.index];
  const put = (next: readonly ListColumn[], follow: boolean): Step => {
    const index = follow && here !== undefined ? columnChoices(next).indexOf(here) : dialog.index;
    const ui = { ...model.ui, look: { ...model.ui.look, columns: next }, dialog: { ...dialog, index } };
    return { model: { ...model, ui }, effects: [{ type: 'keepLook' }] };
  };
  switch (action) {
    case 'up':
    case 'down': {
      const index = (dialog.index + (action === 'up' ? -1 : 1) + choices.length) % choices.length;
      return still(withDialog(model, { ...dialog, index }));
    }
    case 'toggle':
      return here === undefined ? still(model) : put(toggleColumn(columns, here), true);
    case 'earlier':
    case 'later':
      return here === undefined ? still(model) : put(moveColumn(columns, here, action === 'later' ? 1 : -1), true);
    case 'usual':
      return put([], false);
    default:
      return still(model);
  }
}

function reduceField(
  model: ScreenModel,
  dialog: Extract<Open, { kind: 'field' }>,
  { key, action }: DialogKey,
): ScreenModel {
  if (action === 'confirm') return acceptField(model, dialog);
  if (action === 'up' || action === 'down') return recall(model, dialog, action === 'up' ? 1 : -1);
  const edit = edited(dialog.edit, key);
  return edit === undefined ? model : withField(model, { ...dialog, edit });
}

/** Live: the list follows every letter. */
export function withField(model: ScreenModel, dialog: Extract<Open, { kind: 'field' }>): ScreenModel {
  const { ui } = model;
  if (dialog.what === 'search')
    return { ...model, ui: { ...ui, dialog, log: { ...ui.log, search: dialog.edit.text } } };
  return withView({ ...model, ui: { ...ui, dialog, filter: dialog.edit.text, tops: { ...ui.tops, nodes: 0 } } });
}

const HISTORY_KEPT = 20;

function acceptField(model: ScreenModel, dialog: Extract<Open, { kind: 'field' }>): ScreenModel {
  const { ui } = model;
  const text = dialog.edit.text.trim();
  const kept =
    text === '' || dialog.what === 'search'
      ? ui.filterHistory
      : [text, ...ui.filterHistory.filter((one) => one !== text)].slice(0, HISTORY_KEPT);
  return { ...model, ui: { ...ui, dialog: null, filterHistory: kept } };
}

function recall(model: ScreenModel, dialog: Extract<Open, { kind: 'field' }>, by: number): ScreenModel {
  if (dialog.what === 'search') return model;
  const recalled = Math.max(-1, Math.min(model.ui.filterHistory.length - 1, dialog.recalled + by));
  const text = model.ui.filterHistory[recalled] ?? '';
  return withField(model, { ...dialog, recalled, edit: { text, at: [...text].length } });
}

function reduceTyped(model: ScreenModel, dialog: TypedDialog, { key, action }: DialogKey): Step {
  const put = (change: Partial<TypedDialog>) => still(withDialog(model, { ...dialog, note: undefined, ...change }));
  switch (action) {
    case 'fieldOn':
      return put({ focus: dialog.focus + 1 >= dialog.fields.length ? -1 : dialog.focus + 1 });
    case 'fieldBack':
      return put({ focus: dialog.focus < 0 ? dialog.fields.length - 1 : dialog.focus - 1 });
    case 'pageDown':
      return put({ scroll: Math.min(5_000, dialog.scroll + 5) });
    case 'pageUp':
      return put({ scroll: Math.max(0, dialog.scroll - 5) });
    case 'confirm':
      return confirm(model, dialog);
    default:
      return typeInto(model, dialog, key);
  }
}

function confirm(model: ScreenModel, dialog: TypedDialog): Step {
  if (dialog.focus < 0) return still(withDialog(model, null));
  if (dialog.focus < dialog.fields.length - 1) return still(withDialog(model, { ...dialog, focus: dialog.focus + 1 }));
  const deed = confirmTyped(model, dialog);
  if (deed === undefined) return still(withDialog(model, { ...dialog, note: readiness(dialog).why }));
  return { model: withDialog(model, null), effects: [{ type: 'act', action: deed }] };
}

/** Letters go to the field in focus, or to the first one; a burst goes nowhere, because nobody typed it. */
function typeInto(model: ScreenModel, dialog: TypedDialog, key: KeyPress): Step {
  if (key.text !== '' && key.burst > TYPED_BURST) return still(withDialog(model, { ...dialog, note: PASTE_NOTE }));
  const focus = Math.max(0, dialog.focus);
  const field = dialog.fields[focus];
  if (field === undefined) return still(model);
  const end = { text: field.text, at: [...field.text].length };
  const next =
    key.name === 'backspace' || key.name === 'ctrl-u' || key.name === 'ctrl-w'
      ? editText(end, key.name)
      : key.text === ''
        ? undefined
        : insertText(end, key.text);
  if (next === undefined) return still(model);
  const fields = dialog.fields.with(focus, { ...field, text: next.text });
  return still(withDialog(model, { ...dialog, focus, fields, note: undefined }));
}

export const PASTE_NOTE = 'pasted text is not taken: type it';

/** What a menu or palette line may start: looks at the tier only for the drawing. */
export const isGrave = (action: ActionId): boolean =>
  actionInfo(action).tier === 'destructive' || actionInfo(action).tier === 'locked';

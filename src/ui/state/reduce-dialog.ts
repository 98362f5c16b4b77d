import { unreachable } from '../../core/result.ts';
import { lastScroll, type PageDialog } from '../dialogs/text-pages.ts';
import type { ActionId } from '../keys/action-id.ts';
import { keysOf } from '../keys/keymap.ts';
import { alarmsOf, alarmText } from '../select/alarms.ts';
import { askQuit, confirmQuit } from './ask-quit.ts';
import type { DialogKey, OpenDialog } from './dialog-key.ts';
import { takeKey } from './edit-text.ts';
import { menuItems, paletteItems } from './menus.ts';
import { reduceColumns } from './reduce-columns.ts';
import { reduceField } from './reduce-field.ts';
import { reduceTyped } from './reduce-typed.ts';
import { type ScreenModel, withView } from './screen-model.ts';
import { withToast } from './toasts.ts';
import { type Step, still } from './ui-effect.ts';
import { withDialog } from './with-ui.ts';

/** Keys while a dialog is open. Nothing below the dialog sees them. */
export function reduceDialog(model: ScreenModel, dialog: OpenDialog, press: DialogKey): Step {
  const { action } = press;
  if (action === 'redraw') return { model, effects: [{ type: 'redraw' }] };
  if (action === 'suspend') return { model, effects: [{ type: 'suspend' }] };
  if (action === 'interrupt') return askQuit(model);
  if (action === 'cancel') return still(closeDialog(model, dialog));
  // Enter out of a paste or a burst confirms nothing.
  if (action === 'confirm' && !press.key.alone) return still(model);
  switch (dialog.kind) {
    case 'help':
      return still(reduceHelp(model, dialog, press));
    case 'alarms':
      return reduceAlarms(model, dialog, press);
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
      return action === 'confirm' ? confirmQuit(model) : still(model);
    default:
      return unreachable(dialog);
  }
}

/** Esc in the filter field takes the filter off; elsewhere it only closes. */
function closeDialog(model: ScreenModel, dialog: OpenDialog): ScreenModel {
  const closed = withDialog(model, null);
  if (dialog.kind === 'field' && dialog.what === 'filter')
    return withView({ ...closed, ui: { ...closed.ui, filter: '' } });
  if (dialog.kind === 'field') return { ...closed, ui: { ...closed.ui, log: { ...closed.ui.log, search: '' } } };
  return closed;
}

function reduceHelp(
  model: ScreenModel,
  dialog: Extract<OpenDialog, { kind: 'help' }>,
  { key, action }: DialogKey,
): ScreenModel {
  if (dialog.typing) {
    if (key.name === 'enter') return withDialog(model, { ...dialog, typing: false });
    const search = takeKey(dialog.search, key);
    return search === undefined ? model : withDialog(model, { ...dialog, search, scroll: 0 });
  }
  if (action === 'search') return withDialog(model, { ...dialog, typing: true });
  return withDialog(model, { ...dialog, scroll: scrolled(model, dialog, action) });
}

function reduceAlarms(
  model: ScreenModel,
  dialog: Extract<OpenDialog, { kind: 'alarms' }>,
  { action }: DialogKey,
): Step {
  if (action === 'copy') return { model, effects: [{ type: 'copy', text: alarmText(alarmsOf(model)) }] };
  return still(withDialog(model, { ...dialog, scroll: scrolled(model, dialog, action) }));
}

function scrolled(model: ScreenModel, dialog: PageDialog, action: ActionId | undefined): number {
  const page = Math.max(1, model.ui.size.rows - 4);
  const last = lastScroll(model, dialog);
  const steps: { readonly [A in ActionId]?: number } = {
    up: -1,
    down: 1,
    pageUp: -page,
    pageDown: page,
    first: -last,
    last,
  };
  const by = action === undefined ? 0 : (steps[action] ?? 0);
  return Math.max(0, Math.min(last, dialog.scroll + by));
}

function reducePalette(model: ScreenModel, dialog: Extract<OpenDialog, { kind: 'palette' }>, press: DialogKey): Step {
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
  const edit = takeKey(dialog.edit, press.key);
  return still(edit === undefined ? model : withDialog(model, { ...dialog, edit, index: 0 }));
}

function reduceMenu(model: ScreenModel, dialog: Extract<OpenDialog, { kind: 'menu' }>, press: DialogKey): Step {
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

import type { ActionId } from '../keys/action-id.ts';
import { keyIn, type ScreenMode } from '../keys/keymap.ts';
import { shownList } from '../select/shown-list.ts';
import { actionTargets } from './action-targets.ts';
import { askAction, openTyped } from './ask-action.ts';
import { askQuit } from './ask-quit.ts';
import { driftItems } from './drift-items.ts';
import { EMPTY_EDIT, editOf } from './edit-text.ts';
import { likelyExport } from './export-items.ts';
import { menuItems } from './menus.ts';
import type { ScreenModel } from './screen-model.ts';
import { withToast } from './toasts.ts';
import { type Step, still } from './ui-effect.ts';
import type { Dialog } from './ui-state.ts';
import { whyNot } from './why-not.ts';

/** Actions that ask before they do, each by its own dialog. */
export function openDialog(model: ScreenModel, action: ActionId, mode: ScreenMode): Step {
  switch (action) {
    case 'help':
      return show(model, { kind: 'help', of: mode, scroll: 0, search: EMPTY_EDIT, typing: false });
    case 'alarms':
      return show(model, { kind: 'alarms', scroll: 0 });
    case 'palette':
      return show(model, { kind: 'palette', edit: EMPTY_EDIT, index: 0 });
    case 'filter':
      return show(model, { kind: 'field', what: 'filter', edit: editOf(model.ui.filter), recalled: -1 });
    case 'search':
      return show(model, { kind: 'field', what: 'search', edit: editOf(model.ui.log.search), recalled: -1 });
    case 'menu':
    case 'power':
      return openMenu(model, action === 'menu' ? 'actions' : 'power');
    case 'export':
      return show(model, {
        kind: 'menu',
        of: 'export',
        nodes: actionTargets(model, 'exportPackets'),
        index: likelyExport(model),
      });
    case 'drift':
    case 'adoptDrift':
    case 'ignoreDrift':
      return openDrift(model);
    case 'panic':
      return guarded(model, action, () => openPanic(model));
    case 'quit':
      return model.session.holdsStack ? askQuit(model) : { model, effects: [{ type: 'quit' }] };
    case 'interrupt':
      return askQuit(model);
    case 'breakGlass':
      return guarded(model, action, () => openGlass(model));
    case 'discovery':
      return guarded(model, action, () => openDiscovery(model));
    case 'restart':
      return guarded(model, action, () => openRestart(model));
    case 'adopt':
      return guarded(model, action, () => openAdopt(model));
    default:
      return askAction(model, action, actionTargets(model, action));
  }
}

const show = (model: ScreenModel, dialog: Dialog): Step => still({ ...model, ui: { ...model.ui, dialog } });

function guarded(model: ScreenModel, action: ActionId, open: () => Step): Step {
  const against = whyNot(model, action, []);
  return against === undefined ? open() : still(withToast(model, 'note', against));
}

/** On by the same key twice, which a hand does in a hurry; never off by it, or four hits would be none. */
function openPanic(model: ScreenModel): Step {
  if (model.fleet.switches.panic === undefined) return show(model, { kind: 'panicAsked' });
  return openTyped(
    model,
    'panic',
    [],
    [{ label: 'Type  END PANIC  to go on:', want: { exactly: 'END PANIC' }, text: '' }],
  );
}

function openMenu(model: ScreenModel, of: 'actions' | 'power'): Step {
  const nodes = actionTargets(model, 'retry');
  if (nodes.length === 0) return still(withToast(model, 'note', 'no node here to act on'));
  const first = menuItems(model, of, nodes).findIndex(({ against }) => against === undefined);
  return show(model, { kind: 'menu', of, nodes, index: Math.max(0, first) });
}

/** Of the machine under the cursor alone: each difference is looked at for itself. */
function openDrift(model: ScreenModel): Step {
  const [name, ...more] = actionTargets(model, 'retry');
  if (more.length > 0) return still(withToast(model, 'note', 'this is for one node at a time'));
  if (name === undefined) return still(withToast(model, 'note', 'no node here'));
  if (driftItems(model, name).length === 0)
    return still(withToast(model, 'note', `${name} is as the inventory says, as far as it is known`));
  return show(model, { kind: 'menu', of: 'drift', nodes: [name], index: 0 });
}

function openGlass(model: ScreenModel): Step {
  if (model.fleet.switches.glass !== undefined)
    return { model, effects: [{ type: 'act', action: { type: 'mendGlass' } }] };
  return openTyped(
    model,
    'breakGlass',
    [],
    [
      { label: 'Reason (10 characters or more):', want: { atLeast: 10 }, text: '' },
      { label: `Type  ${glassPhrase(model)}  to open the lock:`, want: { exactly: glassPhrase(model) }, text: '' },
    ],
  );
}

const glassPhrase = (model: ScreenModel): string => `BREAK ${model.fleet.site === '' ? 'GLASS' : model.fleet.site}`;

function openDiscovery(model: ScreenModel): Step {
  if (model.fleet.switches.discoveryUntil !== undefined) {
    return { model, effects: [{ type: 'act', action: { type: 'discovery', on: false, forMs: 0 } }] };
  }
  return openTyped(
    model,
    'discovery',
    [],
    [{ label: 'Type  DISCOVER  to go on:', want: { exactly: 'DISCOVER' }, text: '' }],
  );
}

function openRestart(model: ScreenModel): Step {
  const list = shownList(model);
  const service = list?.name === 'services' ? list.ids[list.cursor] : undefined;
  if (service === undefined) return still(withToast(model, 'note', 'no service here'));
  return openTyped(
    model,
    'restart',
    [service],
    [{ label: 'Type the name of the service to go on:', want: { exactly: service }, text: '' }],
  );
}

function openAdopt(model: ScreenModel): Step {
  const list = shownList(model);
  if (list?.name !== 'strangers')
    return still(
      withToast(
        model,
        'note',
        `adopting is done on the discovery screen (${keyIn(model.keymap, 'rack', 'showDiscovery')})`,
      ),
    );
  const here = list.ids[list.cursor];
  const marked = model.ui.strangerMarks.filter((mac) => list.ids.includes(mac));
  const macs = marked.length > 0 ? marked : here === undefined ? [] : [here];
  if (macs.length === 0) return still(withToast(model, 'note', 'no machine here'));
  if (macs.length === 1) return { model, effects: [{ type: 'act', action: { type: 'adopt', macs } }] };
  return openTyped(model, 'adopt', macs, [
    { label: `Type  ${macs.length}  to go on:`, want: { exactly: String(macs.length) }, text: '' },
  ]);
}

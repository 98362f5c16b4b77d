import { ACTION_IDS, type ActionId, actionInfo } from '../keys/action-id.ts';
import { keysOf, type Mode } from '../keys/keymap.ts';
import { driftItems } from './drift-items.ts';
import { exportItems } from './export-items.ts';
import type { MenuItem } from './menu-item.ts';
import type { ScreenModel } from './screen-model.ts';
import { whyNot } from './why-not.ts';
import { hasNoPlace, whyNotHere } from './why-not-here.ts';

const POWER_ITEMS: readonly ActionId[] = [
  'powerOn',
  'powerOff',
  'powerForceOff',
  'powerCycle',
  'powerReset',
  'talosReboot',
  'readBmc',
];
/** What can be taken back stands first; what erases stands last and apart. */
const ACTION_ITEMS: readonly ActionId[] = [
  'retry',
  'power',
  'locate',
  'serial',
  'planPage',
  'drift',
  'talosCheck',
  'inspect',
  'rescue',
  'bootDisk',
  'cancelJob',
  'hold',
  'release',
  'protect',
  'unprotect',
  'readBmc',
  'trust',
  'edit',
  'bootstrap',
  'applyConfig',
  'talosReboot',
  'install',
  'wave',
  'reinstall',
  'waveErase',
  'wipe',
];

export function menuItems(
  model: ScreenModel,
  of: 'actions' | 'power' | 'drift' | 'export',
  nodes: readonly string[],
): readonly MenuItem[] {
  if (of === 'drift') return driftItems(model, nodes[0] ?? '');
  if (of === 'export') return exportItems(model, nodes);
  return (of === 'power' ? POWER_ITEMS : ACTION_ITEMS).map((action) => ({
    action,
    key: keysOf(model.keymap, 'rack', action)[0] ?? '',
    text: actionInfo(action).help,
    against: whyNot(model, action, nodes),
  }));
}

/** Every action that is no key of a dialog, those that hold all the words that were typed, those that begin with them first. */
export function paletteItems(model: ScreenModel, mode: Mode, text: string): readonly MenuItem[] {
  const words = text.trim().toLowerCase().split(/\s+/).filter(Boolean);
  return (
    ACTION_IDS.filter((action) => actionInfo(action).group !== 'dialog' && hasNoPlace(model, action) === undefined)
      .map((action) => ({ action, name: spaced(action), text: actionInfo(action).help }))
      .filter((one) => words.every((word) => `${one.name} ${one.text}`.toLowerCase().includes(word)))
      .map((one) => ({ ...one, against: whyNotHere(model, one.action) }))
      // What is refused is found, with the reason, behind what can run.
      .sort((a, b) => refused(a) - refused(b) || rank(a.name, words) - rank(b.name, words))
      .map(({ action, name, text: help, against }) => ({
        action,
        key: keysOf(model.keymap, mode, action)[0] ?? keysOf(model.keymap, 'rack', action)[0] ?? '',
        text: help.toLowerCase().startsWith(name) ? help : `${name}: ${help}`,
        against,
      }))
  );
}

const refused = ({ against }: { readonly against: string | undefined }): number => (against === undefined ? 0 : 1);

const rank = (name: string, words: readonly string[]): number =>
  words[0] !== undefined && name.startsWith(words[0]) ? 0 : 1;

/** `powerForceOff` as `power force off`. */
const spaced = (action: string): string => action.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);

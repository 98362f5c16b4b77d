import type { NodeState } from '../../core/node.ts';
import type { ActionId } from '../keys/action-id.ts';
import { keysOf, type ScreenMode } from '../keys/keymap.ts';
import { causeNow } from '../select/node-look.ts';
import { REMEDIES, REMEDY_WORDS } from '../select/remedies.ts';
import type { ScreenModel } from './screen-model.ts';
import { whyNot } from './why-not.ts';

export interface Cure {
  readonly keys: string;
  readonly words: string;
}

const ARMS: readonly ActionId[] = ['install', 'reinstall', 'inspect'];

/** What helps against the fault of this machine and can be asked for now; what has no key is in the menu of actions. */
export function curesOf(model: ScreenModel, mode: ScreenMode, node: NodeState): readonly Cure[] {
  const code = causeNow(node);
  if (code === undefined) return [];
  const mends = REMEDIES[code];
  const can = (action: ActionId): boolean => whyNot(model, action, [node.name]) === undefined;
  const cure = (action: ActionId, words = REMEDY_WORDS[action] ?? action): readonly Cure[] => {
    const [key] = keysOf(model.keymap, mode, action);
    const [menu] = keysOf(model.keymap, mode, 'menu');
    if (key !== undefined) return [{ keys: key, words }];
    return menu === undefined || action === 'hold' ? [] : [{ keys: `${menu} >`, words }];
  };
  // What would arm it anew waits for the end of the job that is there.
  const blocked = mends.find((action) => ARMS.includes(action) && !can(action));
  const frees = node.job !== undefined && blocked !== undefined && can('cancelJob');
  const isHeld = node.intent.is === 'hold';
  return [
    ...(isHeld && can('release') ? cure('release') : []),
    ...mends.filter((action) => can(action) && !(frees && action === 'cancelJob')).flatMap((action) => cure(action)),
    ...(frees && blocked !== undefined ? cure('cancelJob', `cancel, then ${sayAll(cure(blocked))}`) : []),
    ...(!isHeld && can('hold') ? cure('hold') : []),
  ];
}

const sayAll = (cures: readonly Cure[]): string => cures.map(({ keys, words }) => `${keys} ${words}`).join(', ');

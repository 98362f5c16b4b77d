import type { Drift } from '../../core/drift.ts';
import { ignoredBy } from '../../core/drift.ts';
import { nodeOf } from '../../core/fleet.ts';
import { actionInfo } from '../keys/action-id.ts';
import { keysOf } from '../keys/keymap.ts';
import type { MenuItem } from './menu-item.ts';
import type { ScreenModel } from './screen-model.ts';
import { whyNot } from './why-not.ts';

/** What can be done about the differences of one machine: for all of them first, then for each by itself. */
export function driftItems(model: ScreenModel, name: string): readonly MenuItem[] {
  const node = nodeOf(model.fleet, name);
  const drift = node?.drift ?? [];
  if (node === undefined || drift.length === 0) return [];
  const forAll = (['applyConfig', 'reinstall', 'inspect'] as const).flatMap((action): MenuItem[] => {
    const fields = drift.filter((one) => one.actions.includes(action)).map((one) => one.field);
    if (fields.length === 0) return [];
    const key = keysOf(model.keymap, 'rack', action)[0] ?? '';
    const text = `${actionInfo(action).help}: ${fields.join(', ')}`;
    return [{ action, key, text, against: whyNot(model, action, [name]) }];
  });
  return [...forAll, ...drift.flatMap((one) => itemsOf(model, name, one, ignoredBy(node, one) !== undefined))];
}

function itemsOf(model: ScreenModel, node: string, drift: Drift, isIgnored: boolean): readonly MenuItem[] {
  const { field, actions } = drift;
  const item = (action: 'adoptDrift' | 'ignoreDrift', text: string, deed: NonNullable<MenuItem['deed']>): MenuItem => ({
    action,
    key: '',
    text,
    against: whyNot(model, action, []),
    deed,
  });
  return [
    ...(actions.includes('adopt')
      ? [
          item('adoptDrift', `adopt ${field} ${drift.observed} into the inventory`, {
            type: 'adoptDrift',
            node,
            field,
          }),
        ]
      : []),
    item('ignoreDrift', isIgnored ? `stop ignoring ${field}` : `ignore ${field} ${drift.observed} until it changes`, {
      type: 'ignoreDrift',
      node,
      field,
      ignored: !isIgnored,
    }),
  ];
}

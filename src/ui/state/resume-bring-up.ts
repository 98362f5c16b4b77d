import { isOpenWave, nodeOf, type Wave } from '../../core/fleet.ts';
import { rackOf } from '../select/node-look.ts';
import { type ScreenModel, withView } from './screen-model.ts';

/**
 * The first state of the engine is here. Where a wave over one rack is under way, the screen opens on its bring-up again:
 * whoever comes back after the line dropped came for that.
 */
export function resumeBringUp(model: ScreenModel): ScreenModel {
  const { ui, session, fleet } = model;
  if (ui.routes.length > 1 || session.player !== undefined) return model;
  const open = Object.values(fleet.waves)
    .filter(isOpenWave)
    .sort((a, b) => b.startedAt - a.startedAt);
  const rack = open.map((wave) => onlyRack(model, wave)).find((name) => name !== undefined);
  return rack === undefined
    ? model
    : withView({ ...model, ui: { ...ui, rack, routes: [{ is: 'rack' }, { is: 'bringUp' }] } });
}

function onlyRack({ fleet }: ScreenModel, { entries }: Wave): string | undefined {
  const racks = new Set(entries.flatMap(({ node }) => nodeOf(fleet, node) ?? []).map(rackOf));
  return racks.size === 1 ? [...racks][0] : undefined;
}

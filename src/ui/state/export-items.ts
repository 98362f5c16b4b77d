import type { Wave } from '../../core/fleet.ts';
import { bringUpRack } from '../select/bring-up-view.ts';
import { waveIds } from '../select/shown-list.ts';
import { waveName } from '../select/wave-words.ts';
import type { MenuItem } from './menu-item.ts';
import type { ScreenModel } from './screen-model.ts';
import { routeOf } from './ui-state.ts';
import { whyNot } from './why-not.ts';

/** What can be handed on from here, each with what it is of. */
export function exportItems(model: ScreenModel, nodes: readonly string[]): readonly MenuItem[] {
  const wave = waveToExport(model);
  const packets = nodes.length > 1 ? `${nodes.length} nodes` : (nodes[0] ?? 'a node');
  const item = (action: 'exportRun' | 'exportWave' | 'exportPackets', text: string, against?: string): MenuItem => ({
    action,
    key: '',
    text,
    against: against ?? whyNot(model, action, nodes),
  });
  return [
    item('exportRun', 'report of this run'),
    wave === undefined
      ? item('exportWave', 'report of a wave', 'there is none')
      : item('exportWave', `report of the wave ${waveName(wave)}`),
    item('exportPackets', `packets of ${packets} (pcapng)`),
  ];
}

/** What is most likely meant on this screen. */
export function likelyExport({ ui }: ScreenModel): number {
  const { is } = routeOf(ui);
  return is === 'bringUp' || is === 'jobs' ? 1 : is === 'node' ? 2 : 0;
}

/** On the bring-up its rack's, on the jobs screen the one under the cursor, else the newest. */
export function waveToExport(model: ScreenModel): Wave | undefined {
  const { is } = routeOf(model.ui);
  if (is === 'bringUp') return bringUpRack(model).wave;
  const ids = waveIds(model);
  return model.fleet.waves[ids.find((id) => is === 'jobs' && id === model.ui.cursor.waves) ?? ids[0] ?? ''];
}

import type { Wave } from '../../core/fleet.ts';
import type { ActionId } from '../keys/action-id.ts';
import { keyIn } from '../keys/keymap.ts';
import { bringUpRack } from '../select/bring-up-view.ts';
import { waveIds } from '../select/shown-list.ts';
import { askAction, openTyped } from './ask-action.ts';
import type { ScreenModel } from './screen-model.ts';
import { withToast } from './toasts.ts';
import { wavePhrase } from './typed-phrase.ts';
import { type Step, still } from './ui-effect.ts';
import { routeOf } from './ui-state.ts';
import { whyNot } from './why-not.ts';

/**
 * Keys of a wave: on the jobs screen the one under the cursor, on the bring-up screen the one of its rack. There the key
 * that goes on begins the first wave too, and a new one over what an ended wave left.
 */
export function reduceWave(model: ScreenModel, action: ActionId): Step {
  const against = whyNot(model, action, []);
  if (against !== undefined) return still(withToast(model, 'note', against));
  const wave = waveHere(model);
  if (action === 'waveResume' && isBringUp(model) && (wave === undefined || bringUpRack(model).isOver))
    return startBringUp(model);
  if (wave === undefined) return still(withToast(model, 'note', 'no wave here'));
  const waits = wave.state === 'paused' || wave.state === 'stopped';
  const runs = wave.state === 'running';
  if (action === 'wavePause' && runs)
    return { model, effects: [{ type: 'act', action: { type: 'wavePause', wave: wave.id } }] };
  if (action === 'waveCancel' && (runs || waits)) return askOfWave(model, 'waveCancel', wave);
  if (action === 'waveResume' && waits) return askOfWave(model, 'waveResume', wave);
  const isPause = action === 'wavePause' && waits;
  const key = keyIn(model.keymap, isBringUp(model) ? 'bringUp' : 'jobs', 'waveResume');
  const note = runs ? 'it goes on by itself' : `this wave is ${wave.state}${isPause ? `: ${key} lets it go on` : ''}`;
  return still(withToast(model, 'note', note));
}

/** Both are typed: the one arms and erases the next machines, the other ends the wave for good. */
function askOfWave(model: ScreenModel, action: 'waveResume' | 'waveCancel', wave: Wave): Step {
  const phrase = wavePhrase(action, wave);
  return openTyped(
    model,
    action,
    [wave.id],
    [{ label: `Type  ${phrase}  to go on:`, want: { exactly: phrase }, text: '' }],
  );
}

const isBringUp = (model: ScreenModel): boolean => routeOf(model.ui).is === 'bringUp';

export function waveHere(model: ScreenModel): Wave | undefined {
  if (isBringUp(model)) return bringUpRack(model).wave;
  if (routeOf(model.ui).is !== 'jobs') return undefined;
  // Also while the cursor is among the jobs below: there is one list of waves on this screen.
  const ids = waveIds(model);
  return model.fleet.waves[ids[Math.max(0, ids.indexOf(model.ui.cursor.waves ?? ''))] ?? ''];
}

function startBringUp(model: ScreenModel): Step {
  const { todo, leftOut, checks, wave } = bringUpRack(model);
  // Of a rack that had its first wave it is known how its machines boot; the signs stay in view.
  const open = wave === undefined ? checks.find(({ state }) => state === 'failed' || state === 'working') : undefined;
  if (open !== undefined) return still(withToast(model, 'note', `first: ${open.title}: ${open.note}`));
  const [out] = leftOut;
  if (todo.length === 0 && out !== undefined)
    return still(withToast(model, 'note', `no machine can be installed: ${out.node}: ${out.why}`));
  if (todo.length === 0) return still(withToast(model, 'good', 'every node of this rack is up'));
  return askAction(model, 'wave', todo);
}

import { type UnkeptOrder, unkeptIn } from '../../core/unkept.ts';
import { openTyped } from './ask-action.ts';
import type { ScreenModel } from './screen-model.ts';
import { type Step, still } from './ui-effect.ts';
import { withDialog } from './with-ui.ts';

/** Orders that end with this process. An engine that is gone, and a demo that keeps nothing, have none to lose. */
export function lostByQuit({ fleet, session, link }: ScreenModel): readonly UnkeptOrder[] {
  const keepsNothing = fleet.simulated && session.keptIn === undefined;
  return session.holdsStack && link.is === 'live' && !keepsNothing ? unkeptIn(fleet) : [];
}

/** Asked by one key, or by what must be typed where orders would be lost: a hand that hits it twice loses none. */
export function askQuit(model: ScreenModel): Step {
  const { length } = lostByQuit(model);
  if (length === 0) return still(withDialog(model, { kind: 'quitAsked' }));
  const phrase = `LOSE ${length}`;
  const them = length === 1 ? 'it' : 'them';
  return openTyped(
    model,
    'quit',
    [],
    [{ label: `Type  ${phrase}  to lose ${them} and quit:`, want: { exactly: phrase }, text: '' }],
  );
}

/** What is lost may have come after the question. */
export const confirmQuit = (model: ScreenModel): Step =>
  lostByQuit(model).length === 0 ? { model, effects: [{ type: 'quit' }] } : askQuit(model);

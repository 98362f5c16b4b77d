import type { ActionId } from '../keys/action-id.ts';
import type { ScreenModel } from './screen-model.ts';
import { withToast } from './toasts.ts';
import type { Step, UiEffect } from './ui-effect.ts';
import type { Look } from './ui-state.ts';

/** Looks are kept per user: each change is said and handed on to be saved. */
export function changeLook(model: ScreenModel, action: ActionId): Step {
  const { look } = model.ui;
  switch (action) {
    case 'ascii':
      return put(model, { ascii: !look.ascii }, look.ascii ? 'line glyphs of the terminal' : 'ASCII only');
    case 'colour':
      return nextColour(model, look);
    case 'mouse': {
      const step = put(
        model,
        { mouse: !look.mouse },
        look.mouse ? 'mouse off: the terminal selects text again' : 'mouse on: wheel and click',
      );
      return { ...step, effects: [...step.effects, { type: 'mouse', on: !look.mouse }] };
    }
    case 'bell':
      return put(model, { bell: !look.bell }, look.bell ? 'no bell on failure' : 'bell on failure');
    case 'title':
      return put(model, { title: !look.title }, look.title ? 'the title is left alone' : 'the title counts failures');
    case 'columns':
      return { model: { ...model, ui: { ...model.ui, dialog: { kind: 'columns', index: 0 } } }, effects: [] };
    case 'wide':
      return put(model, { wide: !look.wide }, look.wide ? 'usual columns' : 'wide columns');
    default:
      return { model, effects: [] };
  }
}

/** standard, colour-blind, contrast, none, and round again. */
function nextColour(model: ScreenModel, look: Look): Step {
  if (look.colour === 'off') return put(model, { colour: 'on', palette: 'standard' }, 'colours');
  if (look.palette === 'standard') return put(model, { palette: 'colourBlind' }, 'colours without red and green');
  if (look.palette === 'colourBlind') return put(model, { palette: 'contrast' }, 'colours with contrast');
  return put(model, { colour: 'off', palette: 'standard' }, 'no colours');
}

function put(model: ScreenModel, change: Partial<Look>, say: string): Step {
  const keep: UiEffect = { type: 'keepLook' };
  return {
    model: withToast({ ...model, ui: { ...model.ui, look: { ...model.ui.look, ...change } } }, 'note', say),
    effects: [keep],
  };
}

import { type KeyPress, TYPED_BURST } from '../keys/key.ts';
import { confirmTyped, readiness } from './ask-action.ts';
import type { DialogKey } from './dialog-key.ts';
import { editText, insertText } from './edit-text.ts';
import type { ScreenModel } from './screen-model.ts';
import { type Step, still } from './ui-effect.ts';
import type { TypedDialog } from './ui-state.ts';
import { withDialog } from './with-ui.ts';

/** What must be typed before anything is erased, interrupted or unlocked. */
export function reduceTyped(model: ScreenModel, dialog: TypedDialog, { key, action }: DialogKey): Step {
  const put = (change: Partial<TypedDialog>) => still(withDialog(model, { ...dialog, note: undefined, ...change }));
  switch (action) {
    case 'fieldOn':
      return put({ focus: dialog.focus + 1 >= dialog.fields.length ? -1 : dialog.focus + 1 });
    case 'fieldBack':
      return put({ focus: dialog.focus < 0 ? dialog.fields.length - 1 : dialog.focus - 1 });
    case 'pageDown':
      return put({ scroll: Math.min(5_000, dialog.scroll + 5) });
    case 'pageUp':
      return put({ scroll: Math.max(0, dialog.scroll - 5) });
    case 'confirm':
      return confirm(model, dialog);
    default:
      return typeInto(model, dialog, key);
  }
}

function confirm(model: ScreenModel, dialog: TypedDialog): Step {
  if (dialog.focus < 0) return still(withDialog(model, null));
  if (dialog.focus < dialog.fields.length - 1) return still(withDialog(model, { ...dialog, focus: dialog.focus + 1 }));
  if (dialog.action === 'quit' && readiness(dialog).ready) return { model, effects: [{ type: 'quit' }] };
  const deed = confirmTyped(model, dialog);
  if (deed === undefined) return still(withDialog(model, { ...dialog, note: readiness(dialog).why }));
  return { model: withDialog(model, null), effects: [{ type: 'act', action: deed }] };
}

/** Letters go to the field in focus, or to the first one; a burst goes nowhere, because nobody typed it. */
function typeInto(model: ScreenModel, dialog: TypedDialog, key: KeyPress): Step {
  if (key.text !== '' && key.burst > TYPED_BURST) return still(withDialog(model, { ...dialog, note: PASTE_NOTE }));
  const focus = Math.max(0, dialog.focus);
  const field = dialog.fields[focus];
  if (field === undefined) return still(model);
  const end = { text: field.text, at: [...field.text].length };
  const next =
    key.name === 'backspace' || key.name === 'ctrl-u' || key.name === 'ctrl-w'
      ? editText(end, key.name)
      : key.text === ''
        ? undefined
        : insertText(end, key.text);
  if (next === undefined) return still(model);
  const fields = dialog.fields.with(focus, { ...field, text: next.text });
  return still(withDialog(model, { ...dialog, focus, fields, note: undefined }));
}

export const PASTE_NOTE = 'pasted text is not taken: type it';

import type { ScreenModel } from './screen-model.ts';
import type { Toast } from './ui-state.ts';

/** And a second for every twenty characters: it has to be read. */
const SHOWN_S = 6;
const KEPT = 3;

export function withToast(model: ScreenModel, tone: Toast['tone'], text: string): ScreenModel {
  const id = (model.ui.toasts.at(-1)?.id ?? 0) + 1;
  const toast: Toast = {
    id,
    tone,
    text,
    left: (tone === 'bad' ? 2 * SHOWN_S : SHOWN_S) + Math.min(20, Math.floor(text.length / 20)),
  };
  return { ...model, ui: { ...model.ui, toasts: [...model.ui.toasts, toast].slice(-KEPT) } };
}

/** A second has passed. */
export function agedToasts(model: ScreenModel): ScreenModel {
  if (model.ui.toasts.length === 0) return model;
  const toasts = model.ui.toasts.flatMap((toast) => (toast.left > 1 ? [{ ...toast, left: toast.left - 1 }] : []));
  return { ...model, ui: { ...model.ui, toasts } };
}

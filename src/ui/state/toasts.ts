import type { ScreenModel } from './screen-model.ts';
import type { Toast } from './ui-state.ts';

const SHOWN_MS = 6_000;
const KEPT = 3;

export function withToast(model: ScreenModel, tone: Toast['tone'], text: string): ScreenModel {
  const id = (model.ui.toasts.at(-1)?.id ?? 0) + 1;
  const toast: Toast = { id, tone, text, until: model.nowMs + (tone === 'bad' ? 2 * SHOWN_MS : SHOWN_MS) };
  return { ...model, ui: { ...model.ui, toasts: [...model.ui.toasts, toast].slice(-KEPT) } };
}

export function dropOldToasts(model: ScreenModel): ScreenModel {
  const toasts = model.ui.toasts.filter((toast) => toast.until > model.nowMs);
  return toasts.length === model.ui.toasts.length ? model : { ...model, ui: { ...model.ui, toasts } };
}

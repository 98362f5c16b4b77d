import type { ScreenModel } from './screen-model.ts';
import type { Dialog, Route, UiState } from './ui-state.ts';

export const withUi = (model: ScreenModel, change: Partial<UiState>): ScreenModel => ({
  ...model,
  ui: { ...model.ui, ...change },
});

export const push = (model: ScreenModel, route: Route): ScreenModel =>
  withUi(model, { routes: [...model.ui.routes, route], pane: 'main', zoomed: false, partTop: 0 });

export const withDialog = (model: ScreenModel, dialog: Dialog): ScreenModel => withUi(model, { dialog });

import type { ScreenModel } from './screen-model.ts';
import type { Route, UiState } from './ui-state.ts';

export const withUi = (model: ScreenModel, change: Partial<UiState>): ScreenModel => ({
  ...model,
  ui: { ...model.ui, ...change },
});

export const push = (model: ScreenModel, route: Route): ScreenModel =>
  withUi(model, { routes: [...model.ui.routes, route], pane: 'main', zoomed: false, partTop: 0 });

import type { ScreenModel } from '../state/screen-model.ts';
import { routeOf } from '../state/ui-state.ts';
import { fitText, showText, widthOf } from '../terminal/fit-text.ts';
import type { Scene } from '../widgets/scene.ts';
import { renderEnds, renderSpans, type Span, spansWidth } from '../widgets/spans.ts';
import { fieldSpans } from '../widgets/text-field.ts';
import { hintSpans } from './key-hints.ts';
import { rowCount } from './row-count.ts';

export function renderKeyLine(scene: Scene, width: number, hasProblemLine: boolean): string {
  const { model, theme } = scene;
  const { dialog, filter } = model.ui;
  const right: readonly Span[] = hasProblemLine ? [] : [rowCount(model)];
  if (dialog?.kind === 'field') return fieldLine(scene, width);
  const route = routeOf(model.ui).is;
  if (filter !== '' && (route === 'rack' || route === 'list')) {
    const left: readonly Span[] = [' ', [`/${showText(filter, theme.set)}`, 'bold'], `  ${filterCount(model)}`];
    const end: readonly Span[] = ['esc clear  ? help  ', ...right];
    // How many there are is never cut to another number: the row gives way first.
    return renderEnds(theme, left, spansWidth(left) + spansWidth(end) < width ? end : ['esc clear  ? help '], width);
  }
  const hints = [' ', ...hintSpans(model, width - spansWidth(right) - 2)];
  return right.length === 0 ? renderSpans(theme, hints, width) : renderEnds(theme, hints, right, width);
}

function filterCount(model: ScreenModel): string {
  const shown = routeOf(model.ui).is === 'list' ? model.view.visible.length : model.view.inRack.length;
  return model.view.filterProblem === undefined ? `${shown} of ${model.view.total}` : 'not understood';
}

function fieldLine({ model, theme }: Scene, width: number): string {
  const { dialog } = model.ui;
  if (dialog?.kind !== 'field') return '';
  const count = dialog.what === 'filter' ? filterCount(model) : 'n/N match';
  const problem = dialog.what === 'filter' ? model.view.filterProblem : undefined;
  // What was typed stays in view, whatever is to be said about it.
  const most = Math.max(10, width - Math.max(16, [...dialog.edit.text].length + 6));
  const right: readonly Span[] =
    problem === undefined
      ? [showText(count, theme.set, 60), '  enter keep  esc clear ']
      : [[fitText(showText(problem, theme.set), Math.min(most, widthOf(problem))), 'warn'], ' '];
  const room = Math.max(8, width - spansWidth(right) - 4);
  return renderEnds(theme, [' ', ['/', 'bold'], ...fieldSpans(theme, dialog.edit, room, true)], right, width);
}

import { isFilled, readiness } from '../state/ask-action.ts';
import type { TypedDialog, TypedField } from '../state/ui-state.ts';
import { showText, wrapText } from '../terminal/fit-text.ts';
import type { FrameLine } from '../widgets/frame.ts';
import type { Box, Scene } from '../widgets/scene.ts';
import { type Span, spansWidth } from '../widgets/spans.ts';

/** What to type and the way out: always in view, and never cut. */
export function footLines({ theme }: Scene, dialog: TypedDialog, { width, height }: Box): readonly FrameLine[] {
  const fields = dialog.fields.flatMap((field, at): readonly FrameLine[] => [
    ...wrapText(showText(field.label, theme.set), width).map((line): FrameLine => [line]),
    fieldLine(theme.set, field, dialog.focus === at, width),
  ]);
  // In a small window the facts need the blank line more.
  return [...(height < 12 ? [] : [[]]), ...fields, ...wayOut(dialog, width)];
}

/** One line where all of it fits; else what Enter does stands above the ways out. */
function wayOut(dialog: TypedDialog, width: number): readonly FrameLine[] {
  const { ready, why } = readiness(dialog);
  const nobody = dialog.fields.length === 0;
  const cancel: Span = dialog.focus < 0 ? ['[ cancel ]', 'selected'] : '  cancel  ';
  const hint =
    dialog.focus >= 0
      ? ready
        ? 'enter: GO ON'
        : `enter: ${dialog.note ?? why}`
      : (dialog.note ?? (nobody ? `${why}; enter: cancel` : 'enter: cancel'));
  const ways = `${dialog.fields.length > 1 ? 'tab: next   ' : ''}esc: cancel`;
  const whole: FrameLine = [cancel, `  ${hint}`, `   ${ways}`];
  if (spansWidth(whole) <= width) return [whole];
  return [...wrapText(hint, width).map((line): FrameLine => [line]), [cancel, `  ${ways}`]];
}

function fieldLine(set: Parameters<typeof showText>[1], field: TypedField, focused: boolean, width: number): FrameLine {
  const shown = `${showText(field.text, set, width)}${field.text.endsWith(' ') ? ' ' : ''}`;
  return [focused ? '> ' : '  ', [`${shown}${focused ? '_' : ''}`, isFilled(field) ? 'ready' : 'bold']];
}

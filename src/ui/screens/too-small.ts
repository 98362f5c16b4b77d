import { SMALLEST } from '../select/layout.ts';
import { showText } from '../terminal/fit-text.ts';
import { type Box, padLines, type Scene } from '../widgets/scene.ts';
import { renderSpans } from '../widgets/spans.ts';

/** A window that is too small is no error: it says what it needs, and still the two numbers that matter. */
export function renderTooSmall({ model, theme }: Scene, box: Box): string[] {
  const { counts, total } = model.view;
  const lines = [
    `crashcart needs ${SMALLEST.columns}x${SMALLEST.rows},`,
    `this terminal is ${box.width}x${box.height}.`,
    '',
    `${showText(model.fleet.site || 'all', theme.set)}: ${counts.failed} FAILED ${counts.stalled} stalled`,
    `     ${counts.ready} of ${total} ready`,
    '',
    model.session.holdsStack ? 'q quit' : 'q quit   (work goes on)',
  ];
  return padLines(
    lines.map((line) => renderSpans(theme, [line], box.width)),
    box,
  );
}

import { renderSpan } from '../format/duration.ts';
import { showText } from '../terminal/fit-text.ts';
import { type Box, padLines, type Scene } from '../widgets/scene.ts';
import { renderSpans } from '../widgets/spans.ts';
import { stepSign } from './timeline-lines.ts';

/** Until the engine speaks: which parts of it are there, which one is under way and for how long. */
export function renderStartingScreen({ model, theme }: Scene, box: Box): string[] {
  const steps = model.link.steps ?? [];
  const head = steps.length === 0 ? 'Waiting for the engine ...' : 'Starting ...';
  const room = Math.max(1, box.height - 5);
  const shown = steps.slice(-room).map(({ text, begunAtMs }, at, all) => {
    const last = at === all.length - 1;
    const spent = model.nowMs - begunAtMs;
    return renderSpans(
      theme,
      [
        '   ',
        stepSign(theme, last ? 'working' : 'done'),
        ` ${showText(text, theme.set)}`,
        // A part that takes long is worth a number; the others would only flicker.
        [last && spent >= 2_000 ? `  for ${renderSpan(spent)}` : '', 'dim'],
      ],
      box.width,
    );
  });
  const blank = ' '.repeat(box.width);
  const waits = model.nowMs - model.link.lastAtMs >= 20_000;
  return padLines(
    [
      blank,
      renderSpans(theme, ['   ', [head, 'bold']], box.width),
      blank,
      ...shown,
      blank,
      renderSpans(
        theme,
        [[`   ${waits ? 'This takes long. ' : ''}q leaves; nothing is answered yet.`, 'dim']],
        box.width,
      ),
    ],
    box,
  );
}

import { nodeOf } from '../../core/fleet.ts';
import { type BringUpView, bringUpRack } from '../select/bring-up-view.ts';
import { fitText, showText } from '../terminal/fit-text.ts';
import { type Box, padLines, type Scene } from '../widgets/scene.ts';
import { renderSelected, renderSpans, type Span } from '../widgets/spans.ts';
import { focusLines, nodeLine, wayLines, workingNodes } from './bring-up-nodes.ts';
import { leftOutLines, paragraph, reportLines, troubledLines } from './bring-up-report.ts';
import { advice, farewellOf, restsText } from './bring-up-words.ts';
import { stepSign } from './timeline-lines.ts';

/** Seven steps from a cable to a rack that runs. All of it is read from the fleet, so the screen can be left at any step. */
export function renderBringUpScreen(scene: Scene, box: Box): string[] {
  const { model, theme } = scene;
  const view = bringUpRack(model);
  const rule = theme.glyphs.horizontal.repeat(box.width);
  const all = view.steps.map((step, at) => {
    const here = at + 1 === view.at;
    const spans: readonly Span[] = [
      ` ${here ? '>' : ' '} ${at + 1} ${fitText(showText(step.title, theme.set), box.width < 60 ? 20 : 22)} `,
      step.state === 'unknown' ? ['?'.padEnd(theme.set === 'ascii' ? 2 : 1), 'warn'] : stepSign(theme, step.state),
      `  ${showText(step.note, theme.set)}`,
    ];
    return here ? renderSelected(theme, spans, box.width) : renderSpans(theme, spans, box.width);
  });
  const isShort = box.height < SHORT;
  const steps = isShort ? around(all, view.at - 1, Math.max(2, box.height - 5)) : all;
  const farewell = ['', rule, ...paragraph(scene, farewellOf(scene), box.width)];
  const room = box.height - steps.length - (box.height > 18 ? farewell.length : 0);
  const below: Box = { width: box.width, height: room - 1 };
  const say = isShort ? shortSay(scene, view, below) : longSay(scene, view, below);
  return padLines(
    [
      ...steps,
      ...padLines([rule, ...say], { width: box.width, height: Math.max(0, room) }),
      ...(box.height > 18 ? farewell : []),
    ].map((line) => line || ' '.repeat(box.width)),
    box,
  );
}

/** So low that seven steps would leave no line for the machine: those around the step that is on are shown. */
const SHORT = 13;

const around = (lines: readonly string[], at: number, rows: number): readonly string[] => {
  const from = Math.max(0, Math.min(at - 1, lines.length - rows));
  return lines.slice(from, from + rows);
};

function shortSay(scene: Scene, view: BringUpView, box: Box): readonly string[] {
  if (view.isOver) return [...paragraph(scene, advice(scene, view), box.width), ...reportLines(scene, view, box)];
  const rests = restsText(scene, view);
  const words = waitLines(scene, view, box.width);
  if (rests !== undefined) {
    const told = paragraph(scene, rests.short, box.width, box.height - Math.min(2, view.troubled.length));
    const room: Box = { width: box.width, height: box.height - told.length };
    const lines = view.troubled.length > 0 ? troubledLines(scene, view, room) : [];
    const works = workingNodes(scene, view).map((node) => nodeLine(scene, node, box.width));
    return [...lines, ...works.slice(0, Math.max(0, room.height - lines.length)), ...told];
  }
  const nodes = workingNodes(scene, view).slice(0, 2);
  const room = box.height - nodes.length - words.length;
  return [
    ...nodes.map((node) => nodeLine(scene, node, box.width)),
    ...words,
    ...(room > 0 ? paragraph(scene, advice(scene, view), box.width, room) : []),
  ];
}

function longSay(scene: Scene, view: BringUpView, { width, height }: Box): readonly string[] {
  const first = [...paragraph(scene, advice(scene, view), width), ...waitLines(scene, view, width), ''];
  const box = { width, height: height - first.length };
  if (view.isOver) return [...first, ...reportLines(scene, view, box)];
  if (view.wave === undefined) return [...first, ...leftOutLines(scene, view.leftOut, box)];
  if (restsText(scene, view) === undefined || view.troubled.length === 0)
    return [...first, ...focusLines(scene, view, box)];
  return [...first, ...restLines(scene, view, box)];
}

/** Why it rests stands in these machines; what is under way beside them comes after. */
function restLines(scene: Scene, view: BringUpView, box: Box): readonly string[] {
  const { width } = box;
  const works = workingNodes(scene, view).map((node) => nodeLine(scene, node, width));
  const [only] = view.troubled;
  const alone = works.length === 0 && view.troubled.length === 1 && view.wave?.ended[only ?? '']?.outcome === 'failed';
  const node = alone ? nodeOf(scene.model.fleet, only ?? '') : undefined;
  const least = works.length > 0 ? 1 + Math.min(works.length, 3) : 0;
  const bad =
    node === undefined
      ? troubledLines(scene, view, { width, height: Math.max(1, box.height - least) })
      : [nodeLine(scene, node, width), '', ...wayLines(scene, node, width)];
  return [...bad, ...(works.length > 0 ? ['', ...works] : [])];
}

/** What of the wave could go by its width and does not. */
function waitLines(scene: Scene, { wave }: BringUpView, width: number): readonly string[] {
  const waits = wave === undefined ? [] : scene.model.view.waits.of(wave);
  return waits.length === 0 ? [] : paragraph(scene, `${waits.join('; ')}.`, width);
}

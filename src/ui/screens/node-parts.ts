import { nodeOf } from '../../core/fleet.ts';
import type { NodeState } from '../../core/node.ts';
import type { ActionId } from '../keys/action-id.ts';
import { keyIn } from '../keys/keymap.ts';
import { layoutFor } from '../select/layout.ts';
import { memoryOf } from '../select/node-look.ts';
import type { ScreenModel } from '../state/screen-model.ts';
import { routeOf } from '../state/ui-state.ts';
import { ANY_TERMINAL } from '../terminal/terminal-profile.ts';
import type { FrameLine } from '../widgets/frame.ts';
import { type Box, type Scene, sceneOf } from '../widgets/scene.ts';
import { fitSpans, renderSpans } from '../widgets/spans.ts';
import { factLines } from './fact-lines.ts';
import { HEAD_LINES } from './node-head.ts';
import { storyLines, whyLines } from './story-lines.ts';
import { timelineLines } from './timeline-lines.ts';

/** What a machine's page tells above its log: the way of its boot, why it hangs, the facts; beside each other, or in one column. */
export function nodeParts(scene: Scene, node: NodeState, box: Box): string[] {
  const { theme, model } = scene;
  if (box.width < 80) return whyOrTimeline(scene, node, box);
  const { left, right, third } = paneWidths(box.width);
  const wide = third > 0;
  const zoomedFacts = model.ui.zoomed && !wide;
  const columns: readonly (readonly [readonly FrameLine[], number])[] = [
    [timelineLines(scene, node, left), left],
    [zoomedFacts ? zoomedParts(scene, node, right) : storyLines(scene, node, right), right],
    ...(wide ? ([[factLines(scene, node, third), third]] as const) : []),
  ];
  // Of a timeline what matters stands above; the other parts say what is below.
  const windows = columns.map(
    ([lines, width], at) =>
      [at === 0 ? lines : partWindow(scene, lines, { width, height: box.height }), width] as const,
  );
  return Array.from({ length: box.height }, (_, at) =>
    windows
      .map(
        ([lines, width], index) =>
          `${index === 0 ? ' ' : ` ${theme.glyphs.vertical} `}${renderSpans(theme, lines[at] ?? [], width)}`,
      )
      .join(''),
  );
}

const zoomedParts = (scene: Scene, node: NodeState, width: number): readonly FrameLine[] => [
  ...factLines(scene, node, width),
  [],
  ...storyLines(scene, node, width),
];

/** Where a zoomed node ends: the line on top when the last one is in view. */
export function lastPartTop(model: ScreenModel): number {
  const route = routeOf(model.ui);
  const node = route.is === 'node' ? nodeOf(model.fleet, route.node) : undefined;
  if (node === undefined) return 0;
  const { columns, rows } = model.ui.size;
  const scene = sceneOf(model, ANY_TERMINAL);
  const height = layoutFor(columns, rows).body - HEAD_LINES;
  const parts =
    columns < 80 ? narrowParts(scene, node, columns - 1) : zoomedParts(scene, node, paneWidths(columns).right);
  return Math.max(0, parts.length - height + 1);
}

/** As many lines as fit; what is below is counted, and a zoomed pane scrolls to it. */
function partWindow({ model }: Scene, lines: readonly FrameLine[], { width, height }: Box): readonly FrameLine[] {
  if (lines.length <= height) return lines;
  const { zoomed, partTop } = model.ui;
  const key = (action: ActionId) => keyIn(model.keymap, 'node', action);
  // In a few lines a note of its own would cost what it tells of: it ends the last one.
  if (height < 5) {
    const note = ` +${lines.length - height}: ${key('zoom')}`;
    const last = fitSpans(lines[height - 1] ?? [], width - note.length);
    return [...lines.slice(0, height - 1), [...last, [note, 'dim']]];
  }
  const top = zoomed ? Math.min(partTop, lines.length - height + 1) : 0;
  const shown = lines.slice(top, top + height - 1);
  const left = lines.length - top - shown.length;
  return [
    ...shown,
    [[left === 0 ? `end: ${key('up')} goes back up` : `${left} more: ${key(zoomed ? 'down' : 'zoom')}`, 'dim']],
  ];
}

function whyOrTimeline(scene: Scene, node: NodeState, box: Box): string[] {
  const inner = { width: box.width - 1, height: box.height };
  return partWindow(scene, narrowParts(scene, node, inner.width), inner).map((line) =>
    renderSpans(scene.theme, [' ', ...line], box.width),
  );
}

/** In one column: the way or the fault first, then what it rests on; zoomed, everything that is known. */
function narrowParts(scene: Scene, node: NodeState, width: number): readonly FrameLine[] {
  const way = timelineLines(scene, node, width);
  const story = storyLines(scene, node, width);
  const lines =
    node.health.is === 'ok' && memoryOf(node) === undefined ? [...way, [], ...story] : [...story, [], ...way];
  return scene.model.ui.zoomed ? [...lines, [], ...factLines(scene, node, width)] : lines;
}

/** Eleven lines tell a whole boot; a long reason gets more, the log keeps five. A tall window gives it the half. */
export function partsHeight(scene: Scene, node: NodeState, rest: number, width: number): number {
  const { right } = paneWidths(width);
  const why = whyLines(scene, node, right).length;
  // The newest evidence stays in view below a fault.
  const story = Math.min(why + 5, storyLines(scene, node, right).length);
  const wanted = Math.max(11, story, Math.floor(rest / 2));
  return Math.min(rest - 5, wanted);
}

function paneWidths(width: number): { readonly left: number; readonly right: number; readonly third: number } {
  if (width < 120) return { left: 37, right: width - 41, third: 0 };
  const right = Math.floor((width - 53) / 2);
  return { left: 46, right, third: width - 53 - right };
}

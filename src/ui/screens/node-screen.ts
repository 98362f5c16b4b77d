import { nodeOf } from '../../core/fleet.ts';
import type { NodeState } from '../../core/node.ts';
import { renderSpan } from '../format/duration.ts';
import type { ActionId } from '../keys/action-id.ts';
import { keyIn } from '../keys/keymap.ts';
import { layoutFor } from '../select/layout.ts';
import { addressOf, imageOf, lookOf, memoryOf, sinceOf } from '../select/node-look.ts';
import { EMPTY_LOG } from '../state/log-buffer.ts';
import type { ScreenModel } from '../state/screen-model.ts';
import { routeOf } from '../state/ui-state.ts';
import { showText, wrapText } from '../terminal/fit-text.ts';
import type { TerminalProfile } from '../terminal/terminal-profile.ts';
import type { FrameLine } from '../widgets/frame.ts';
import { renderLogPane } from '../widgets/log-pane.ts';
import { type Box, padLines, type Scene, sceneOf } from '../widgets/scene.ts';
import { fitSpans, joinWhole, renderSpans, type Span } from '../widgets/spans.ts';
import { factLines } from './fact-lines.ts';
import { powerText } from './hardware-lines.ts';
import { storyLines, whyLines } from './story-lines.ts';
import { timelineLines } from './timeline-lines.ts';

/** One machine: who it is, how its boot went, why it hangs and what to try, and its log. */
export function renderNodeScreen(scene: Scene, box: Box): string[] {
  const { model, theme } = scene;
  const route = routeOf(model.ui);
  const node = route.is === 'node' ? nodeOf(model.fleet, route.node) : undefined;
  if (node === undefined) return padLines(goneLines(scene, box.width), box);
  const head = headLines(scene, node, box.width);
  const { log, zoomed, pane } = model.ui;
  const rest = box.height - head.length;
  const logHeight =
    zoomed && pane === 'side'
      ? rest
      : zoomed
        ? 0
        : Math.max(3, box.width < 80 ? Math.floor(rest / 2) : rest - upperHeight(scene, node, rest, box.width));
  const upper = rest - logHeight;
  const lines = upper > 0 ? upperLines(scene, node, { width: box.width, height: upper }) : [];
  const logPane = {
    title: log.level === 'debug' ? 'all' : '',
    buffer: model.logs.get(node.name) ?? EMPTY_LOG,
    view: log,
    zoneMinutes: model.session.zoneMinutes,
    keymap: model.keymap,
    focused: pane === 'side',
  };
  const tail = logHeight > 0 ? renderLogPane(theme, logPane, { width: box.width, height: logHeight }) : [];
  return padLines([...head, ...padLines(lines, { width: box.width, height: upper }), ...tail], box);
}

function goneLines({ model, theme }: Scene, width: number): string[] {
  const text = `This node is not in the inventory any more. ${keyIn(model.keymap, 'node', 'back')} goes back.`;
  return wrapText(text, width - 2).map((line) => renderSpans(theme, [` ${line}`], width));
}

/** Eleven lines tell a whole boot; a long reason gets more, the log keeps five. A tall window gives it the half. */
function upperHeight(scene: Scene, node: NodeState, rest: number, width: number): number {
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

function headLines({ model, theme }: Scene, node: NodeState, width: number): string[] {
  const look = lookOf(node);
  const show = (text: string) => showText(text, theme.set);
  const ago = renderSpan(model.nowMs - sinceOf(node));
  const failed = node.health.is !== 'ok';
  const pieces: readonly (readonly Span[])[] = [
    [
      [show(node.name), 'bold'],
      '  ',
      [look.word.trim(), look.tone],
      failed ? ` at ${node.phase.is.toUpperCase()}  ${ago} ago` : ` ${node.phase.is} for ${ago}`,
    ],
    ...(node.attempt === undefined ? [] : [[bootText(node)]]),
    ...(node.job === undefined
      ? []
      : [['job ', [node.job.kind, 'wait'], node.job.suspended === undefined ? '' : ' (suspended)'] as const]),
    [`image ${show(imageOf(node) || '-')}`],
  ];
  const ids = [
    `mac ${node.seen.mac ?? node.spec.identity.macs[0] ?? '-'}`,
    `ip ${addressOf(node) || '-'}`,
    node.spec.bmc === undefined ? 'no bmc' : `bmc ${powerText(node, model.nowMs)}`,
    `sn ${show(node.seen.serial ?? node.spec.identity.serial ?? '-')}`,
    ...(node.spec.place.unit === undefined ? [] : [`U${node.spec.place.unit}`]),
  ].map((id): readonly Span[] => [id]);
  return [
    renderSpans(theme, [' ', ...wholePieces(pieces, width - 1, '   ')], width),
    renderSpans(theme, [' ', ...wholePieces(ids, width - 1, '  ')], width),
    theme.glyphs.horizontal.repeat(width),
  ];
}

/** Boots are counted for the machine's life, tries for its job: `boot 7, try 1/3`. */
function bootText({ attempt, job }: NodeState): string {
  const tried = job === undefined ? '' : `, try ${Math.min(job.attempts, job.maxAttempts)}/${job.maxAttempts}`;
  return `boot ${attempt?.number ?? 0}${tried}`;
}

/** What does not fit is left out whole; only what stands first is cut where it is too long by itself. */
function wholePieces(pieces: readonly (readonly Span[])[], width: number, gap: string): readonly Span[] {
  const [first = []] = pieces;
  const fitting = joinWhole(pieces, width, gap);
  return fitting.length > 0 ? fitting : first;
}

function upperLines(scene: Scene, node: NodeState, box: Box): string[] {
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

/** Glyphs make no line longer. */
const ANY_TERMINAL: TerminalProfile = {
  glyphs: 'unicode',
  colour: false,
  console: false,
  osc: false,
  multiplexer: undefined,
};
const HEAD_LINES = 3;

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

/** The right pane of a wide rack screen: the same facts in thirty columns. */
export function renderNodePane(scene: Scene, name: string | undefined, box: Box): string[] {
  const { model, theme } = scene;
  const node = nodeOf(model.fleet, name ?? '');
  if (node === undefined) return padLines([], box);
  const look = lookOf(node);
  const show = (text: string) => showText(text, theme.set);
  const line = (...spans: readonly Span[]) => renderSpans(theme, spans, box.width);
  const attempt = node.attempt === undefined ? '' : bootText(node);
  const facts = [
    line([show(node.name), 'bold'], '  ', [look.word.trim(), look.tone], '  ', attempt),
    line(`profile ${show(node.spec.profile)}`),
    line(`image ${show(imageOf(node) || '-')}`),
    line(`mac ${node.seen.mac ?? node.spec.identity.macs[0] ?? '-'}`),
    line(node.spec.bmc === undefined ? 'no bmc' : `bmc ${powerText(node, model.nowMs)}`),
    line(''),
    ...timelineLines(scene, node, box.width)
      .slice(1)
      .map((spans) => line(...spans)),
    line(''),
    ...storyLines(scene, node, box.width, 4).map((spans) => line(...spans)),
    line(''),
  ];
  const logHeight = Math.max(0, box.height - facts.length);
  const log =
    logHeight < 2
      ? []
      : renderLogPane(
          theme,
          {
            title: '',
            buffer: model.logs.get(node.name) ?? EMPTY_LOG,
            view: { ...model.ui.log, follow: true, wrap: true },
            zoneMinutes: model.session.zoneMinutes,
            keymap: model.keymap,
            focused: false,
          },
          { width: box.width, height: logHeight },
        );
  return padLines([...facts, ...log], box);
}

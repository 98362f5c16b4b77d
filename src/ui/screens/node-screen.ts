import { nodeOf } from '../../core/fleet.ts';
import type { NodeState } from '../../core/node.ts';
import { renderSpan } from '../format/duration.ts';
import { addressOf, imageOf, lookOf, sinceOf } from '../select/node-look.ts';
import { EMPTY_LOG } from '../state/log-buffer.ts';
import { routeOf } from '../state/ui-state.ts';
import { showText } from '../terminal/fit-text.ts';
import type { FrameLine } from '../widgets/frame.ts';
import { renderLogPane } from '../widgets/log-pane.ts';
import { type Box, padLines, type Scene } from '../widgets/scene.ts';
import { renderSpans, type Span } from '../widgets/spans.ts';
import { factLines, powerText, timelineLines, whyLines } from './node-parts.ts';

/** One machine: who it is, how its boot went, why it hangs and what to try, and its log. */
export function renderNodeScreen(scene: Scene, box: Box): string[] {
  const { model, theme } = scene;
  const route = routeOf(model.ui);
  const node = route.is === 'node' ? nodeOf(model.fleet, route.node) : undefined;
  if (node === undefined)
    return padLines([renderSpans(theme, [' This node is not in the inventory any more. esc back'], box.width)], box);
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
    focused: pane === 'side',
  };
  const tail = logHeight > 0 ? renderLogPane(theme, logPane, { width: box.width, height: logHeight }) : [];
  return padLines([...head, ...padLines(lines, { width: box.width, height: upper }), ...tail], box);
}

/** Eleven lines tell a whole boot; a long reason gets more, the log keeps five. A tall window gives it the half. */
function upperHeight(scene: Scene, node: NodeState, rest: number, width: number): number {
  const wanted = Math.max(11, whyLines(scene, node, paneWidths(width).right).length, Math.floor(rest / 2));
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
  const state: readonly Span[] = [
    [look.word.trim(), look.tone],
    failed ? ` at ${node.phase.is.toUpperCase()}  ${ago} ago` : ` ${node.phase.is} for ${ago}`,
  ];
  const attempt =
    node.attempt === undefined
      ? ''
      : `   attempt ${node.attempt.number}${node.job === undefined ? '' : `/${node.job.maxAttempts}`}`;
  const job: readonly Span[] =
    node.job === undefined
      ? []
      : ['   job ', [node.job.kind, 'wait'], node.job.suspended === undefined ? '' : ' (suspended)'];
  const unit = node.spec.place.unit === undefined ? '' : `U${node.spec.place.unit}`;
  const ids = [
    `mac ${node.seen.mac ?? node.spec.identity.macs[0] ?? '-'}`,
    `ip ${addressOf(node) || '-'}`,
    node.spec.bmc === undefined ? 'no bmc' : `bmc ${powerText(node, model.nowMs)}`,
    `sn ${node.seen.serial ?? node.spec.identity.serial ?? '-'}`,
    unit,
  ];
  return [
    renderSpans(
      theme,
      [' ', [show(node.name), 'bold'], '  ', ...state, attempt, ...job, `   image ${show(imageOf(node) || '-')}`],
      width,
    ),
    renderSpans(theme, [` ${show(ids.filter(Boolean).join('  '))}`], width),
    theme.glyphs.horizontal.repeat(width),
  ];
}

function upperLines(scene: Scene, node: NodeState, box: Box): string[] {
  const { theme, model } = scene;
  if (box.width < 80) return whyOrTimeline(scene, node, box);
  const { left, right, third } = paneWidths(box.width);
  const wide = third > 0;
  const zoomedFacts = model.ui.zoomed && !wide;
  const columns: readonly (readonly [readonly FrameLine[], number])[] = [
    [timelineLines(scene, node, left), left],
    [zoomedFacts ? factLines(scene, node, right) : whyLines(scene, node, right), right],
    ...(wide ? ([[factLines(scene, node, third), third]] as const) : []),
  ];
  return Array.from({ length: box.height }, (_, at) =>
    columns
      .map(
        ([lines, width], index) =>
          `${index === 0 ? ' ' : ` ${theme.glyphs.vertical} `}${renderSpans(theme, lines[at] ?? [], width)}`,
      )
      .join(''),
  );
}

function whyOrTimeline(scene: Scene, node: NodeState, box: Box): string[] {
  const width = box.width - 1;
  const lines = node.health.is === 'ok' ? timelineLines(scene, node, width) : whyLines(scene, node, width);
  return lines.slice(0, box.height).map((line) => renderSpans(scene.theme, [' ', ...line], box.width));
}

/** The right pane of a wide rack screen: the same facts in thirty columns. */
export function renderNodePane(scene: Scene, name: string | undefined, box: Box): string[] {
  const { model, theme } = scene;
  const node = nodeOf(model.fleet, name ?? '');
  if (node === undefined) return padLines([], box);
  const look = lookOf(node);
  const show = (text: string) => showText(text, theme.set);
  const line = (...spans: readonly Span[]) => renderSpans(theme, spans, box.width);
  const attempt =
    node.attempt === undefined
      ? ''
      : `attempt ${node.attempt.number}${node.job === undefined ? '' : `/${node.job.maxAttempts}`}`;
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
    ...whyLines(scene, node, box.width).map((spans) => line(...spans)),
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
            focused: false,
          },
          { width: box.width, height: logHeight },
        );
  return padLines([...facts, ...log], box);
}

import { nodeOf } from '../../core/fleet.ts';
import { keyIn } from '../keys/keymap.ts';
import { EMPTY_LOG } from '../state/log-buffer.ts';
import { routeOf } from '../state/ui-state.ts';
import { wrapText } from '../terminal/fit-text.ts';
import { renderLogPane } from '../widgets/log-pane.ts';
import { type Box, padLines, type Scene } from '../widgets/scene.ts';
import { renderSpans } from '../widgets/spans.ts';
import { nodeHead } from './node-head.ts';
import { nodeParts, partsHeight } from './node-parts.ts';

/** One machine: who it is, how its boot went, why it hangs and what to try, and its log. */
export function renderNodeScreen(scene: Scene, box: Box): string[] {
  const { model, theme } = scene;
  const route = routeOf(model.ui);
  const node = route.is === 'node' ? nodeOf(model.fleet, route.node) : undefined;
  if (node === undefined) return padLines(goneLines(scene, box.width), box);
  const head = nodeHead(scene, node, box.width);
  const { log, zoomed, pane } = model.ui;
  const rest = box.height - head.length;
  const logHeight =
    zoomed && pane === 'side'
      ? rest
      : zoomed
        ? 0
        : Math.max(3, box.width < 80 ? Math.floor(rest / 2) : rest - partsHeight(scene, node, rest, box.width));
  const upper = rest - logHeight;
  const lines = upper > 0 ? nodeParts(scene, node, { width: box.width, height: upper }) : [];
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

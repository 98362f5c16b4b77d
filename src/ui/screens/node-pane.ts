import { nodeOf } from '../../core/fleet.ts';
import type { NodeState } from '../../core/node.ts';
import { imageOf, lookOf } from '../select/node-look.ts';
import { EMPTY_LOG } from '../state/log-buffer.ts';
import { showText } from '../terminal/fit-text.ts';
import { renderLogPane } from '../widgets/log-pane.ts';
import { type Box, padLines, type Scene } from '../widgets/scene.ts';
import { joinWhole, renderSpans, type Span } from '../widgets/spans.ts';
import { powerText } from './hardware-lines.ts';
import { bootText, tryText } from './node-head.ts';
import { storyLines } from './story-lines.ts';
import { timelineLines } from './timeline-lines.ts';

/** The right pane of a wide rack screen: the same facts in thirty columns. */
export function renderNodePane(scene: Scene, name: string | undefined, box: Box): string[] {
  const { model, theme } = scene;
  const node = nodeOf(model.fleet, name ?? '');
  if (node === undefined) return padLines([], box);
  const look = lookOf(node);
  const show = (text: string) => showText(text, theme.set);
  const line = (...spans: readonly Span[]) => renderSpans(theme, spans, box.width);
  const facts = [
    line(...joinWhole([[[show(node.name), 'bold']], [[look.word.trim(), look.tone]], [countText(node)]], box.width)),
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

/** Of a machine with a job its tries say more than its boots; both have no room here. */
function countText(node: NodeState): string {
  if (node.attempt === undefined) return '';
  return node.job === undefined ? bootText(node.attempt) : tryText(node.job);
}

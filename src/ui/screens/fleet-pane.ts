import { nodeOf } from '../../core/fleet.ts';
import { askOf } from '../../core/health.ts';
import { renderClock } from '../format/duration.ts';
import type { RackView } from '../select/fleet-view.ts';
import { windowTop } from '../select/layout.ts';
import { lookOf } from '../select/node-look.ts';
import { reasonFor } from '../select/short-reason.ts';
import { nodeUnderCursor } from '../state/move-cursor.ts';
import { fitText, showText } from '../terminal/fit-text.ts';
import type { Tone } from '../terminal/theme.ts';
import { type Box, padLines, type Scene } from '../widgets/scene.ts';
import { renderEnds, renderSelected, renderSpans, type Span } from '../widgets/spans.ts';
import { renderSparkline } from '../widgets/sparkline.ts';
import { ageCell } from './node-age.ts';

/** The left pane of a wide screen: every rack as a line of signs, every problem, and what happened last. */
export function renderFleetPane(scene: Scene, box: Box): string[] {
  const { model, theme } = scene;
  const { racks, problems } = model.view;
  const racksShown = Math.min(racks.length, Math.max(4, Math.floor(box.height * 0.36)));
  const at = racks.findIndex((rack) => rack.name === model.view.rack);
  const top = windowTop(0, Math.max(0, at), racks.length, racksShown);
  const problemsShown = Math.min(problems.length, Math.max(3, Math.floor(box.height * 0.25)));
  const lines = [
    renderEnds(theme, [['RACKS', 'bold'], '      U top to bottom'], [rackCount(racks.length, racksShown)], box.width),
    ...racks.slice(top, top + racksShown).map((rack) => renderRackLine(scene, rack, box.width)),
    ' '.repeat(box.width),
    renderSpans(theme, [['= ready  i install  k kernel  x ipxe', 'dim']], box.width),
    renderSpans(theme, [['t load  d dhcp  ? stalled  ! FAILED  . off', 'dim']], box.width),
    ' '.repeat(box.width),
    renderEnds(theme, [[`PROBLEMS (${problems.length})`, 'bold']], [problems.length > 0 ? 'n next ' : ''], box.width),
    ...problems.slice(0, problemsShown).map((name) => renderProblem(scene, name, box.width)),
  ];
  return padLines([...lines, ...recentLines(scene, { width: box.width, height: box.height - lines.length })], box);
}

const rackCount = (all: number, shown: number): string => (all > shown ? `${all} racks, [ ] moves ` : '');

/** Runs of one tone are one piece: a heat map is the dearest thing to draw. */
function renderRackLine({ model, theme }: Scene, rack: RackView, width: number): string {
  const here = rack.name === model.view.rack;
  const spans: Span[] = [`${here ? '>' : ' '}${fitText(showText(rack.name, theme.set), 4)}`];
  let run = '';
  let runTone: Tone = 'plain';
  const flush = () => {
    if (run !== '') spans.push([run, runTone]);
    run = '';
  };
  for (const name of rack.nodes) {
    const node = nodeOf(model.fleet, name);
    if (node === undefined) continue;
    const look = lookOf(node);
    if (look.tone !== runTone) flush();
    runTone = look.tone;
    run += look.heat;
  }
  flush();
  return renderSpans(theme, spans, width);
}

function renderProblem({ model, theme }: Scene, name: string, width: number): string {
  const node = nodeOf(model.fleet, name);
  if (node === undefined) return '';
  const look = lookOf(node);
  const age = fitText(ageCell(node, model.nowMs), 7, 'right');
  const nameWidth = Math.min(14, Math.max(7, name.length));
  const here = nodeUnderCursor(model) === name;
  const spans: readonly Span[] = [
    `${here ? '>' : ' '}${fitText(showText(name, theme.set), nameWidth)} `,
    [fitText(look.word, 5), look.tone],
    ` ${fitText(showText(reasonFor(node, width - nameWidth - 16) || (askOf(node) ?? ''), theme.set), width - nameWidth - 16)}`,
    `${age} `,
  ];
  return here ? renderSelected(theme, spans, width) : renderSpans(theme, spans, width);
}

function recentLines({ model, theme }: Scene, box: Box): string[] {
  if (box.height < 3) return [];
  const spark = model.rates.some((rate) => rate > 0) ? renderSparkline(theme, model.rates, 20) : '';
  const lines = model.recent.slice(-(box.height - 2)).toReversed();
  return [
    ' '.repeat(box.width),
    renderEnds(theme, [['RECENT', 'bold']], [spark, ' '], box.width),
    ...lines.map((line) =>
      renderSpans(
        theme,
        [
          ` ${renderClock(line.at, model.session.zoneMinutes)} ${showText(`${line.node ?? ''} ${line.text}`.trim(), theme.set)}`,
        ],
        box.width,
      ),
    ),
  ];
}

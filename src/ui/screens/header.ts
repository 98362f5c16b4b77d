import { asHostTime } from '../../core/host-clock.ts';
import { renderAge, renderClock, renderEta } from '../format/duration.ts';
import { renderRate } from '../format/size.ts';
import { layoutFor } from '../select/layout.ts';
import { isMoving } from '../state/is-moving.ts';
import { isStale, type ScreenModel } from '../state/screen-model.ts';
import { routeOf } from '../state/ui-state.ts';
import { showText } from '../terminal/fit-text.ts';
import type { Box, Scene } from '../widgets/scene.ts';
import { fitSpans, joinWhole, renderEnds, renderSelected, type Span, spansWidth } from '../widgets/spans.ts';
import { renderSparkline } from '../widgets/sparkline.ts';
import { alarmLine, alarmSpans, SIMULATED } from './header-alarms.ts';
import { keepHeaviest, keepWorst, narrowCounts } from './header-counts.ts';
import { placeSpans } from './header-place.ts';
import { playerSpans, serviceSpans } from './header-services.ts';

/** The two lines on top: where, which services, what may write, what is wrong, and the time. */
export function renderHeader(scene: Scene, box: Box): string[] {
  const { model } = scene;
  const layout = layoutFor(model.ui.size.columns, model.ui.size.rows);
  const time = renderClock(asHostTime(model.nowMs, model.fleet), model.session.zoneMinutes);
  // Seconds only while something runs: an idle screen is not drawn every second.
  const clock: Span = isMoving(model) ? time : time.slice(0, 5);
  const route = routeOf(model.ui).is;
  if (layout.kind === 'narrow') return narrowHeader(scene, box, clock);
  const right = [...alarmSpans(model), '  ', clock];
  const left: readonly Span[] = [' ', ['CRASHCART', 'title'], ...placeSpans(scene)];
  const room = box.width - spansWidth(left) - spansWidth(right) - 4;
  const services =
    model.session.player !== undefined
      ? ['   ', ...joinWhole(playerSpans(scene, room), room)]
      : route === 'rack' || route === 'list'
        ? ['   ', ...joinWhole(serviceSpans(model, room), room)]
        : [];
  const first = barOrLine(scene, [...left, ...services], right, box.width);
  if (box.height < 2) return [first];
  return [first, alarmLine(scene, box.width) ?? secondLine(scene, box)];
}

/** With broken glass the whole line is inverse: it is no time to read on as usual. */
function barOrLine({ model, theme }: Scene, left: readonly Span[], right: readonly Span[], width: number): string {
  if (model.fleet.switches.glass === undefined) return renderEnds(theme, left, right, width);
  const end = spansWidth(right);
  if (end >= width) return renderSelected(theme, right, width);
  return renderSelected(theme, [...fitSpans(left, width - end - 1), ' ', ...right], width);
}

function secondLine({ model, theme }: Scene, box: Box): string {
  // Nothing is known yet, and a zero would be a statement.
  if (model.link.is === 'connecting') return ' '.repeat(box.width);
  const { view } = model;
  const inRack =
    routeOf(model.ui).is === 'rack' && layoutFor(model.ui.size.columns, model.ui.size.rows).kind !== 'wide';
  const rack = inRack ? view.racks.find((one) => one.name === view.rack) : undefined;
  // On the rack screen the counts are the rack's: what is the site's says so where the two differ.
  const total =
    (isStale(model) ? ' was' : '') +
    (rack === undefined ? ` ${view.racks.length > 1 ? 'all ' : ''}${view.total}: ` : ` ${rack.nodes.length}: `);
  const isWide = box.width >= 120;
  const tail: readonly Span[] = [...armedSpans(model, isWide), ...(isStale(model) ? [] : rateSpans(model))];
  const room = box.width - spansWidth(tail) - total.length - 1;
  const done: readonly (readonly Span[])[] =
    view.doneLastMinute > 0 && isWide && !isStale(model) ? [[`${view.doneLastMinute} done in the last minute`]] : [];
  const counts = keepWorst(rack?.counts ?? view.counts, room);
  const left = [total, ...joinWhole([...counts, ...done], room)];
  return renderEnds(
    theme,
    left,
    [...sparkSpans({ model, theme }, box.width - spansWidth([...left, ...tail]) - 4), ...tail],
    box.width,
  );
}

const rateSpans = ({ bytesPerSecond, view: { etaMs } }: ScreenModel): readonly Span[] => [
  ...(bytesPerSecond > 0 ? [`  ${renderRate(bytesPerSecond)}`] : []),
  ...(etaMs === undefined ? [] : [`  eta ${renderEta(etaMs)}`]),
];

/** How fast it went in the last half minute, where the counts leave room. */
function sparkSpans({ model, theme }: Scene, room: number): readonly Span[] {
  const columns = Math.min(SPARK_COLUMNS, room);
  if (columns < 6 || isStale(model) || !model.rates.slice(-columns).some((rate) => rate > 0)) return [];
  return [[renderSparkline(theme, model.rates, columns), 'busy'], ' '];
}

const SPARK_COLUMNS = 20;

/** The arm budget: how many disks may still be written. Always on the screen while it is not zero. */
function armedSpans(model: ScreenModel, isWide: boolean): readonly Span[] {
  const { jobs, writing } = model.view.armed;
  if (jobs === 0) return [];
  if (isWide)
    return [
      [`${jobs} ${jobs === 1 ? 'job' : 'jobs'} open, ${writing} may write a disk`, writing > 0 ? 'warn' : 'plain'],
    ];
  return writing === 0 ? [] : [[`armed ${writing}`, 'warn']];
}

function narrowHeader({ model, theme }: Scene, box: Box, clock: Span): string[] {
  const inRack = routeOf(model.ui).is === 'rack';
  const rack = inRack ? model.view.racks.find((one) => one.name === model.view.rack) : undefined;
  const counts = narrowCounts(rack?.counts ?? model.view.counts);
  const where: readonly Span[] = inRack
    ? [` ${showText(model.view.rack ?? '-', theme.set)} ${rack?.nodes.length ?? 0}: `]
    : [...placeSpans({ model, theme }), routeOf(model.ui).is === 'list' ? ' ' : '  '];
  const alarm = box.height < 2 ? undefined : alarmLine({ model, theme }, box.width);
  const isCrowded = alarm !== undefined || spansWidth(alarmSpans(model)) > box.width;
  const end: readonly Span[] = [...(isCrowded ? crowdedOut(model) : []), clock];
  const room = box.width - spansWidth(end) - 1;
  const least = spansWidth(keepHeaviest(counts, 0));
  // A long name gives way: what failed stays in view on every screen.
  const place = spansWidth(where) + least > room ? [...fitSpans(where, Math.max(1, room - least - 1)), ' '] : where;
  const told =
    model.link.is === 'connecting' ? [' CRASHCART'] : [...place, ...keepHeaviest(counts, room - spansWidth(place))];
  if (alarm !== undefined) return [barOrLine({ model, theme }, told, end, box.width), alarm];
  const first = barOrLine({ model, theme }, told, end, box.width);
  if (box.height < 2) return [first];
  const right = alarmSpans(model, !isCrowded);
  const left = box.width - spansWidth(right) - 3;
  const services = model.session.player === undefined ? serviceSpans(model, left) : playerSpans({ model, theme }, left);
  return [first, barOrLine({ model, theme }, [' ', ...joinWhole(services, left, ' ')], right, box.width)];
}

/** What the line of the switches has no room for. */
function crowdedOut({ fleet, nowMs }: ScreenModel): readonly Span[] {
  const { glass } = fleet.switches;
  return [
    ...(glass === undefined ? [] : [`GLASS ${renderAge(glass.until - nowMs)} `]),
    ...(fleet.simulated ? [[`${SIMULATED} `, 'bold'] as const] : []),
  ];
}

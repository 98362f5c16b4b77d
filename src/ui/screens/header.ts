import type { ServiceState } from '../../core/event.ts';
import { renderAge, renderClock, renderEta, renderSpan } from '../format/duration.ts';
import { renderRate } from '../format/size.ts';
import type { Counts } from '../select/fleet-view.ts';
import { layoutFor } from '../select/layout.ts';
import { freshRivals } from '../select/radar-words.ts';
import { isMoving } from '../state/is-moving.ts';
import { isStale, type ScreenModel } from '../state/screen-model.ts';
import { routeOf } from '../state/ui-state.ts';
import { fitText, showText, widthOf } from '../terminal/fit-text.ts';
import { paint, type Tone } from '../terminal/theme.ts';
import { renderBar } from '../widgets/progress-bar.ts';
import type { Box, Scene } from '../widgets/scene.ts';
import { joinWhole, renderEnds, type Span, spansWidth } from '../widgets/spans.ts';
import { renderSparkline } from '../widgets/sparkline.ts';

/** The two lines on top: where, which services, what may write, what is wrong, and the time. */
export function renderHeader(scene: Scene, box: Box): string[] {
  const { model, theme } = scene;
  const layout = layoutFor(model.ui.size.columns, model.ui.size.rows);
  const time = renderClock(model.nowMs, model.session.zoneMinutes);
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
  const first = renderEnds(theme, [...left, ...services], right, box.width);
  if (box.height < 2) return [first];
  return [first, unsavedLine(scene, box.width) ?? secondLine(scene, box)];
}

function secondLine({ model, theme }: Scene, box: Box): string {
  // Nothing is known yet, and a zero would be a statement.
  if (model.link.is === 'connecting') return ' '.repeat(box.width);
  const { view } = model;
  const inRack =
    routeOf(model.ui).is === 'rack' && layoutFor(model.ui.size.columns, model.ui.size.rows).kind !== 'wide';
  const rack = inRack ? view.racks.find((one) => one.name === view.rack) : undefined;
  const total = ` ${rack?.nodes.length ?? view.total}: `;
  const isWide = box.width >= 120;
  const tail: readonly Span[] = [
    ...armedSpans(model, isWide),
    ...(model.bytesPerSecond > 0 ? [`  ${renderRate(model.bytesPerSecond)}`] : []),
    ...(view.etaMs === undefined ? [] : [`  eta ${renderEta(view.etaMs)}`]),
  ];
  const room = box.width - spansWidth(tail) - total.length - 1;
  const done: readonly (readonly Span[])[] =
    view.doneLastMinute > 0 && isWide ? [[`${view.doneLastMinute} done in the last minute`]] : [];
  const counts = keepWorst(rack?.counts ?? view.counts, room);
  const left = [total, ...joinWhole([...counts, ...done], room)];
  return renderEnds(
    theme,
    left,
    [...sparkSpans({ model, theme }, box.width - spansWidth([...left, ...tail]) - 4), ...tail],
    box.width,
  );
}

/** How fast it went in the last half minute, where the counts leave room. */
function sparkSpans({ model, theme }: Scene, room: number): readonly Span[] {
  const columns = Math.min(SPARK_COLUMNS, room);
  if (columns < 6 || !model.rates.slice(-columns).some((rate) => rate > 0)) return [];
  return [[renderSparkline(theme, model.rates, columns), 'busy'], ' '];
}

const SPARK_COLUMNS = 20;

/** The line of counts is taken by the alarm then: what failed must stay in view. */
function unsavedSpans({ ui, view: { counts } }: ScreenModel): readonly Span[] {
  if (layoutFor(ui.size.columns, ui.size.rows).header < 2) return [[' NOT SAVING ', 'alarm']];
  const pieces: Span[] = [
    ...(counts.failed > 0 ? [[`${counts.failed} FAILED `, 'bad'] as const] : []),
    ...(counts.stalled > 0 ? [[`${counts.stalled} stalled `, 'warn'] as const] : []),
  ];
  return pieces.length > 0 ? pieces : [[' NOT SAVING ', 'alarm']];
}

/**
 * Nothing is kept, so nothing new is armed: across the whole screen, on every screen, until it is mended. What to do
 * stands first; what does not fit is the reason.
 */
function unsavedLine({ model, theme }: Scene, width: number): string | undefined {
  const { saving } = model.fleet;
  if (saving.is !== 'failing') return undefined;
  const journal = model.services.find((row) => row.name === 'journal');
  const where = journal === undefined || journal.listens === '-' ? 'the state folder' : journal.listens;
  const reason = showText(saving.reason, theme.set, 160);
  const full = /space|full|quota|ENOSPC|EDQUOT/i.test(reason);
  const todo = full ? `free space in ${showText(where, theme.set, 60)}` : `mend ${showText(where, theme.set, 60)}`;
  const short = ` NOT SAVING ${renderAge(model.nowMs - saving.since)}: ${todo}`;
  const long = `${short}. Nothing new is armed; it goes on by itself. ${reason}`;
  const text = [long, `${short}. Nothing new is armed. ${reason}`, `${short}. Nothing new is armed.`, short].find(
    (one) => widthOf(one) <= width,
  );
  return paint(
    theme,
    'alarm',
    fitText(text ?? ` NOT SAVING: ${full ? 'the disk is full, free space' : reason}`, width),
  );
}

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
  const { counts } = model.view;
  const rack = model.view.racks.find((one) => one.name === model.view.rack);
  const own = rack?.counts ?? counts;
  const short: readonly (readonly Span[])[] = [
    [`${own.ready}rdy`],
    [`${own.install + own.boot}ins`],
    [[`${own.stalled}?`, own.stalled > 0 ? 'warn' : 'dim']],
    [[`${own.failed}!`, own.failed > 0 ? 'bad' : 'dim']],
    [`${own.off}off`],
  ];
  const where: readonly Span[] =
    routeOf(model.ui).is === 'rack'
      ? [` ${showText(model.view.rack ?? '-', theme.set)} ${rack?.nodes.length ?? 0}: `]
      : [...placeSpans({ model, theme }), '  '];
  const room = box.width - spansWidth(where) - 10;
  const told = model.link.is === 'connecting' ? [' CRASHCART'] : [...where, ...joinWhole(short, room, ' ')];
  const first = renderEnds(theme, told, [clock], box.width);
  if (box.height < 2) return [first];
  const unsaved = unsavedLine({ model, theme }, box.width);
  if (unsaved !== undefined) return [first, unsaved];
  const right = alarmSpans(model);
  return [
    first,
    renderEnds(
      theme,
      [
        ' ',
        ...joinWhole(
          model.session.player === undefined
            ? serviceSpans(model, box.width - spansWidth(right) - 3)
            : playerSpans({ model, theme }, box.width - spansWidth(right) - 3),
          box.width - spansWidth(right) - 3,
          ' ',
        ),
      ],
      right,
      box.width,
    ),
  ];
}

const WORDS: readonly (readonly [keyof Counts, string, Tone])[] = [
  ['ready', 'ready', 'ready'],
  ['install', 'install', 'busy'],
  ['boot', 'boot', 'busy'],
  ['armed', 'armed', 'wait'],
  ['stalled', 'stalled', 'warn'],
  ['failed', 'FAILED', 'bad'],
  ['hold', 'on hold', 'warn'],
  ['off', 'off', 'off'],
  ['idle', 'idle', 'dim'],
];

/** Whole pieces in their order; when there is no room the harmless ones go first, failures never. */
function keepWorst(counts: Counts, room: number): readonly (readonly Span[])[] {
  const dispensable: readonly (keyof Counts)[] = ['idle', 'off', 'armed', 'hold', 'boot', 'install', 'ready'];
  let kept = counts;
  for (const group of dispensable) {
    const pieces = countSpans(kept);
    if (pieces.reduce((sum, piece) => sum + spansWidth(piece) + 2, -2) <= room) return pieces;
    kept = { ...kept, [group]: -1 };
  }
  return countSpans(kept);
}

export function countSpans(counts: Counts): readonly (readonly Span[])[] {
  return WORDS.filter(([group]) => counts[group] > 0 || (group === 'ready' && counts.ready === 0)).map(
    ([group, word, tone]) => [[`${counts[group]} ${word}`, tone]],
  );
}

/** ` > r07 > r07-u33`, or ` rack 7/12 r07`. */
function placeSpans({ model, theme }: Scene): readonly Span[] {
  const show = (text: string) => showText(text, theme.set, 40);
  const { racks, rack, total } = model.view;
  const route = routeOf(model.ui);
  if (route.is === 'rack' || route.is === 'list') {
    const wide = layoutFor(model.ui.size.columns, model.ui.size.rows).kind === 'wide' || route.is === 'list';
    const site = show(model.fleet.site);
    if (wide) return [` ${site}  ${racks.length} ${racks.length === 1 ? 'rack' : 'racks'} ${total} nodes`];
    const at = racks.findIndex((one) => one.name === rack) + 1;
    return rack === undefined ? [` ${site}`] : [` rack ${at}/${racks.length} ${show(rack)}`];
  }
  const crumbs: readonly string[] =
    route.is === 'node' || route.is === 'plan'
      ? [
          show(model.view.racks.find((one) => one.nodes.includes(route.node))?.name ?? '-'),
          show(route.node),
          ...(route.is === 'plan' ? ['plan'] : []),
        ]
      : route.is === 'bringUp'
        ? [`bring up rack ${show(rack ?? '-')}`]
        : [route.is];
  return crumbs.flatMap((crumb, at): readonly Span[] => [' > ', at === crumbs.length - 1 ? [crumb, 'bold'] : crumb]);
}

/** What must never be overlooked, in place of the mode. */
function alarmSpans(model: ScreenModel): readonly Span[] {
  const { switches, saving } = model.fleet;
  const spans: Span[] = [];
  const alarm = (text: string) => spans.push(...(spans.length > 0 ? [' '] : []), [text, 'alarm']);
  if (isStale(model)) alarm(` NO DATA for ${renderSpan(model.nowMs - model.link.lastAtMs)} `);
  if (model.link.is === 'connecting') alarm(model.link.steps === undefined ? ' connecting ' : ' starting ');
  if (switches.panic !== undefined) alarm(' PANIC: all local ');
  if (switches.glass !== undefined) alarm(` GLASS BROKEN ${renderAge(switches.glass.until - model.nowMs)} `);
  if (saving.is === 'failing') spans.push(...(spans.length > 0 ? [' '] : []), ...unsavedSpans(model));
  if (switches.discoveryUntil !== undefined) alarm(` DISCOVERY ${renderAge(switches.discoveryUntil - model.nowMs)} `);
  if (model.session.readOnly) alarm(model.fleet.simulated ? ` ${SIMULATED} READ-ONLY ` : ' READ-ONLY ');
  const who = model.session.who !== '' && model.ui.size.columns >= 120 ? `  ${model.session.who}` : '';
  return spans.length > 0 ? [...spans, who] : [[modeOf(model), 'bold'], who];
}

/** Whoever attaches to a demo must see that its machines are not real. */
function modeOf({ fleet, session, ui }: ScreenModel): string {
  if (!fleet.simulated || session.player !== undefined || session.mode.includes(SIMULATED)) return session.mode;
  return ui.size.columns >= 120 ? `${SIMULATED} ${session.mode}` : SIMULATED;
}

const SIMULATED = 'SIMULATED';

/** `DHCP ok`, `TFTP FAILED`, `disk 88%!`: the services as the engine says, and what the services screen warns of. */
export function serviceSpans(model: ScreenModel, room: number): readonly (readonly Span[])[] {
  const states = Object.entries(model.fleet.services)
    .sort(([a, one], [b, other]) => urgency(a, one) - urgency(b, other))
    .map(([name, state]): readonly Span[] => {
      const label = showText(name, 'ascii', 12).toUpperCase();
      if (state.is === 'ok') return [`${label} `, ['ok', 'ready']];
      return state.is === 'off' ? [`${label} `, ['off', 'dim']] : [`${label} `, ['FAILED', 'bad']];
    });
  const warns = model.services
    .filter((row) => row.state === 'warn')
    .map((row): readonly Span[] => [
      [`${showText(row.name, 'ascii', 12)} ${showText(row.word, 'ascii', 12)}!`, 'warn'],
    ]);
  const failed = states.slice(0, Object.values(model.fleet.services).filter((state) => state.is === 'failed').length);
  const rival = rivalText(model);
  if (rival === undefined) return [...failed, ...warns, ...states.slice(failed.length)];
  // Its address gives way to what failed.
  const used = failed.reduce((sum, piece) => sum + spansWidth(piece) + 2, rival.length);
  const told: readonly Span[] = [[used <= room ? rival : 'rival DHCP!', 'bad']];
  return [told, ...failed, ...warns, ...states.slice(failed.length)];
}

/** Before all services: with another server on the wire it is chance who answers, however well they all are. */
function rivalText({ fleet, nowMs }: ScreenModel): string | undefined {
  const [rival, ...more] = freshRivals(fleet, nowMs);
  if (rival === undefined) return undefined;
  const others = more.length === 0 ? '' : ` +${more.length}`;
  return `rival ${showText(rival.server, 'ascii', 15)}${others}!`;
}

/** How far a recording is, in place of the services, which are not running. */
function playerSpans({ model, theme }: Scene, room: number): readonly (readonly Span[])[] {
  const { player } = model.session;
  if (player === undefined) return [];
  const bar = Math.min(20, room - player.state.length - player.count.length - 6);
  return [[[player.state, 'bold']], ...(bar >= 5 ? [[renderBar(theme, player.percent, bar)]] : []), [player.count]];
}

/** What failed comes first, then what every boot needs; the rest when there is room. */
const FIRST = ['dhcp', 'tftp', 'http'];

function urgency(name: string, state: ServiceState): number {
  const place = FIRST.indexOf(name.toLowerCase());
  return (state.is === 'failed' ? -10 : 0) + (place < 0 ? FIRST.length : place);
}

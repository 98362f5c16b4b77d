import { describeRival, rivalDoes } from '../../core/describe-rival.ts';
import type { Rival } from '../../core/fleet.ts';
import { countLeases } from '../../core/lease.ts';
import { describeUnassigned, unassignedNow } from '../../core/unassigned.ts';
import type { ServiceRow } from '../../link/screen-port.ts';
import { renderAge, renderSpan } from '../format/duration.ts';
import { renderRate } from '../format/size.ts';
import { windowTop } from '../select/layout.ts';
import { radarGap } from '../select/radar-words.ts';
import { shownList } from '../select/shown-list.ts';
import { EMPTY_LOG } from '../state/log-buffer.ts';
import { RATES_KEPT } from '../state/screen-model.ts';
import { showText } from '../terminal/fit-text.ts';
import type { Tone } from '../terminal/theme.ts';
import { renderLogPane } from '../widgets/log-pane.ts';
import { type Box, padLines, type Scene } from '../widgets/scene.ts';
import { renderSpans } from '../widgets/spans.ts';
import { renderSparkline } from '../widgets/sparkline.ts';
import { type Column, renderTable } from '../widgets/table.ts';

/** The services, the radar of other DHCP servers, and their log. */
export function renderServicesScreen(scene: Scene, box: Box): string[] {
  const { model, theme } = scene;
  const list = shownList(model);
  const rows = model.services.length > 0 ? model.services : fromFleet(scene);
  const isLow = box.height < LOW;
  const height = Math.min(rows.length, isLow ? 3 : Math.max(2, box.height - 7));
  const cursor = list?.cursor ?? 0;
  const state = {
    top: windowTop(model.ui.tops.services ?? 0, cursor, rows.length, height),
    cursor: list === undefined || model.ui.pane === 'side' ? -1 : cursor,
    marked: () => false,
  };
  const table = renderTable(theme, columns(scene), rows, state, { width: box.width, height: height + 1 });
  const rule = theme.glyphs.horizontal.repeat(box.width);
  const { width } = box;
  const told = [...radarLines(scene, width), ...sentLines(scene, width), ...unassignedLines(scene, width)];
  const upper = [...table, rule, ...(isLow ? told.slice(0, 1) : told)];
  const logHeight = Math.max(2, box.height - upper.length);
  const pane = {
    title: 'services',
    buffer: model.logs.get('*') ?? EMPTY_LOG,
    view: model.ui.log,
    zoneMinutes: model.session.zoneMinutes,
    focused: model.ui.pane === 'side',
    keymap: model.keymap,
  };
  return padLines([...upper, ...renderLogPane(theme, pane, { width: box.width, height: logHeight })], box);
}

/** So low that the services, the worst of the news and the log share nine lines. */
const LOW = 12;

/** Until the engine was asked for numbers, its states are shown. */
function fromFleet({ model }: Scene): readonly ServiceRow[] {
  return Object.entries(model.fleet.services).map(([name, state]): ServiceRow => {
    if (state.is === 'ok') return { name, state: 'ok', word: 'ok', listens: state.listens };
    return state.is === 'off'
      ? { name, state: 'off', word: 'off', listens: state.why }
      : { name, state: 'failed', word: 'FAILED', listens: state.why, note: state.advice };
  });
}

/** Of a folder the note is worth more than the end of its path. */
function placeOf({ listens, note }: ServiceRow): string {
  if (note === undefined) return listens || '-';
  return listens.startsWith('/') ? `${note} in ${listens}` : `${listens} ${note}`.trimStart();
}

const TONES: { readonly [S in ServiceRow['state']]: Tone } = { ok: 'ready', warn: 'warn', failed: 'bad', off: 'dim' };

function columns({ model, theme }: Scene): readonly Column<ServiceRow>[] {
  const { failed, waiting } = theme.glyphs;
  // `ok ok` would say one thing twice and be no sign.
  const done = theme.set === 'ascii' ? '=' : theme.glyphs.done;
  const signs: { readonly [S in ServiceRow['state']]: string } = { ok: done, warn: '!', failed, off: waiting };
  const show = (text: string) => showText(text, theme.set);
  const number = (value: number | undefined, unit = '') =>
    value === undefined ? '' : `${Math.round(value * 10) / 10}${unit}`;
  return [
    { title: 'service', width: 10, min: 8, text: (row) => show(row.name) },
    {
      title: 'state',
      width: 10,
      min: 9,
      text: (row) => `${signs[row.state]} ${show(row.word)}`,
      tone: (row) => TONES[row.state],
    },
    {
      title: 'listens',
      width: 22,
      min: 12,
      grow: true,
      text: (row) => show(placeOf(row)),
    },
    {
      title: 'req/s',
      width: 9,
      right: true,
      text: (row) => (row.bytesPerSecond === undefined ? number(row.perSecond) : renderRate(row.bytesPerSecond)),
    },
    { title: 'busy', width: 5, right: true, text: (row) => number(row.busyPercent, '%') },
    {
      title: 'errors 5m',
      width: 9,
      right: true,
      text: (row) => number(row.errors5m),
      tone: (row) => ((row.errors5m ?? 0) > 0 ? 'warn' : undefined),
    },
    {
      title: 'since',
      width: 7,
      right: true,
      text: (row) => (row.since === undefined ? '' : renderAge(model.nowMs - row.since)),
    },
  ];
}

/** Reports of Talos that belong to nobody who can be named. */
function unassignedLines({ model, theme }: Scene, width: number): string[] {
  const known = unassignedNow(model.fleet.unassigned, model.nowMs);
  const more =
    known.length > 3 ? [renderSpans(theme, [[` !  and from ${known.length - 3} more addresses`, 'warn']], width)] : [];
  return [
    ...known
      .slice(0, 3)
      .map((one) => renderSpans(theme, [[` !  ${showText(describeUnassigned(one), theme.set)}`, 'warn']], width)),
    ...more,
  ];
}

/** What went out in the last minute, as heights; only where something did. */
function sentLines({ model, theme }: Scene, width: number): string[] {
  const highest = Math.max(model.bytesPerSecond, ...model.rates);
  if (highest === 0) return [];
  const [now, most] = [renderRate(model.bytesPerSecond), renderRate(highest)];
  const words =
    width < 60 ? ` SENT  now ${now}, most ${most}  ` : ` SENT  now ${now}, at most ${most} in the last minute  `;
  const room = Math.min(RATES_KEPT, width - words.length - 1);
  return [renderSpans(theme, [words, room < 10 ? '' : [renderSparkline(theme, model.rates, room), 'busy']], width)];
}

function radarLines({ model, theme }: Scene, width: number): string[] {
  const rivals = Object.values(model.fleet.rivals);
  const leases = countLeases(model.fleet);
  const tail = width < 60 ? '' : `   leases: ${leases}`;
  const head = width < 60 ? ' OTHER DHCP: ' : ' OTHER DHCP SERVERS ON THIS WIRE: ';
  const quiet = () => radarGap(model.fleet) ?? `none heard for ${renderSpan(model.nowMs - model.fleet.startedAt)}`;
  if (rivals.length === 0) return [renderSpans(theme, [`${head}${quiet()}${tail}`], width)];
  return [
    renderSpans(theme, [[`${head}${width < 60 ? rivalNames(rivals) : rivals.length}`, 'bad'], tail], width),
    ...rivals
      .slice(0, 4)
      .map((rival) =>
        renderSpans(
          theme,
          [
            ` !  ${showText(describeRival(rival), theme.set)}  ${showText(rivalDoes(rival), theme.set)}  ${rival.count}x, last ${renderSpan(model.nowMs - rival.lastAt)} ago`,
          ],
          width,
        ),
      ),
  ];
}

const rivalNames = (rivals: readonly Rival[]): string =>
  rivals.map((rival) => showText(rival.server, 'ascii', 15)).join(' ');

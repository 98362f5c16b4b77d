import { isUnkept, tellUnkept, unkeptIn } from '../../core/unkept.ts';
import { renderAge, renderSpan } from '../format/duration.ts';
import { keyIn } from '../keys/keymap.ts';
import { layoutFor } from '../select/layout.ts';
import { rejectedBy, renderPlace } from '../select/rejected-inventory.ts';
import { screenMode } from '../state/press-key.ts';
import { isStale, type ScreenModel } from '../state/screen-model.ts';
import { fitText, showText, widthOf } from '../terminal/fit-text.ts';
import { paint } from '../terminal/theme.ts';
import type { Scene } from '../widgets/scene.ts';
import { renderSpans, type Span, spansWidth } from '../widgets/spans.ts';

/**
 * What must never be overlooked, and the mode: it gives way only to what says that nothing can be done from here. That
 * machines are not real gives way to nothing, and stands where a line that is too narrow is cut last. Where a narrow
 * window is crowded (not `isWhole`), that and the glass stand in the line above.
 */
export function alarmSpans(model: ScreenModel, isWhole = true): readonly Span[] {
  const { fleet, session, ui } = model;
  const alarms = switchSpans(model, isWhole);
  if (fleet.simulated && !isWhole) return alarms;
  const who = session.who !== '' && ui.size.columns >= 120 ? `  ${session.who}` : '';
  const mode: Span = [modeOf(model), 'bold'];
  if (alarms.length === 0) return [mode, who];
  if (isMarkedSimulated(model)) return [mode, ' ', ...alarms, who];
  return hidesMode(model) || fleet.simulated ? [...alarms, who] : [...alarms, ' ', mode, who];
}

function switchSpans(model: ScreenModel, isWhole: boolean): readonly Span[] {
  const { switches, saving, simulated } = model.fleet;
  const spans: Span[] = [];
  const gap = () => (spans.length > 0 ? [' '] : []);
  const alarm = (text: string) => spans.push(...gap(), [text, 'alarm']);
  if (model.session.readOnly) alarm(simulated && isWhole ? ` ${SIMULATED} READ-ONLY ` : ' READ-ONLY ');
  if (isStale(model)) alarm(` NO DATA for ${renderSpan(model.nowMs - model.link.lastAtMs)} `);
  if (model.link.is === 'connecting') alarm(model.link.steps === undefined ? ' connecting ' : ' starting ');
  if (switches.panic !== undefined) alarm(isUnkept(model.fleet, 'PANIC') ? ' PANIC, NOT SAVED ' : ' PANIC: all local ');
  if (switches.glass !== undefined && isWhole) alarm(` GLASS BROKEN ${renderAge(switches.glass.until - model.nowMs)} `);
  if (saving.is === 'failing') spans.push(...gap(), ...insteadOfCounts(model, ' NOT SAVING '));
  else if (rejectedBy(model.fleet).length > 0) spans.push(...gap(), ...insteadOfCounts(model, ' INVENTORY REJECTED '));
  if (switches.discoveryUntil !== undefined) alarm(` DISCOVERY ${renderAge(switches.discoveryUntil - model.nowMs)} `);
  return spans;
}

/** While the glass is broken protected machines can be erased: by whom it goes on must be seen. */
const hidesMode = ({ fleet, session, link }: ScreenModel): boolean =>
  session.player === undefined &&
  (link.is !== 'live' || (fleet.switches.glass === undefined && rejectedBy(fleet).length === 0));

/** Not by the mark of a session that only looks on, which says both. */
const isMarkedSimulated = ({ fleet, session }: ScreenModel): boolean => fleet.simulated && !session.readOnly;

/** Whoever attaches to a demo, or sees the recording of one, must see that its machines are not real. */
function modeOf({ fleet, session, ui }: ScreenModel): string {
  if (!fleet.simulated || session.mode.includes(SIMULATED)) return session.mode;
  return ui.size.columns >= 120 || session.player !== undefined ? `${SIMULATED} ${session.mode}` : SIMULATED;
}

export const SIMULATED = 'SIMULATED';

const NARROW = 60;

/** The line of counts is taken by the alarm then: what failed must stay in view. */
function insteadOfCounts({ ui, view: { counts } }: ScreenModel, short: string): readonly Span[] {
  const { header, kind } = layoutFor(ui.size.columns, ui.size.rows);
  if (header < 2) return [[short, 'alarm']];
  // The narrow header has them in its first line.
  if (kind === 'narrow') return [];
  const pieces: Span[] = [
    ...(counts.failed > 0 ? [[`${counts.failed} FAILED `, 'bad'] as const] : []),
    ...(counts.stalled > 0 ? [[`${counts.stalled} stalled `, 'warn'] as const] : []),
  ];
  return pieces;
}

/** What takes the second line, on every screen, until it is mended. In a narrow window the switches stay beside it. */
export function alarmLine(scene: Scene, width: number): string | undefined {
  const { model, theme } = scene;
  const isUnsaved = model.fleet.saving.is === 'failing';
  const text = isUnsaved ? unsavedText : rejectedText;
  const right = width < NARROW && !isUnsaved ? alarmSpans(model, false) : [];
  const end = right.length === 0 ? 0 : spansWidth(right) + 1;
  // The key to the whole of it is never what is cut.
  const key = ` ${keyIn(model.keymap, screenMode(model.ui), 'alarms')} ${width < NARROW ? 'all' : 'tells all'} `;
  const told = text(scene, width - end - key.length);
  if (told === undefined) return undefined;
  const line = paint(theme, 'alarm', fitText(told, width - end - key.length) + key);
  return right.length === 0 ? line : line + renderSpans(theme, [' ', ...right], end);
}

/** Where the first error is: whoever does not read it works on with the old inventory, and believes in the new one. */
function rejectedText({ model, theme }: Scene, width: number): string | undefined {
  const [first, ...more] = rejectedBy(model.fleet);
  if (first === undefined) return undefined;
  const place = showText(renderPlace(first), theme.set, 120);
  const others = more.length === 0 ? '' : ` (and ${more.length} more)`;
  const what = showText(first.message, theme.set, 300);
  // The name of the file says more than its folders.
  const narrow = ` REJECTED ${place.slice(place.lastIndexOf('/') + 1)}`;
  if (model.ui.size.columns < NARROW) return widthOf(`${narrow}: ${what}`) <= width ? `${narrow}: ${what}` : narrow;
  return firstThatFits(
    [
      ` INVENTORY REJECTED, the last good one stays in use: ${place}: ${what}${others}`,
      ` INVENTORY REJECTED: ${place}: ${what}${others}`,
      ` INVENTORY REJECTED: ${place}: ${what}`,
    ],
    width,
  );
}

/**
 * Nothing is kept, so nothing new is armed: across the whole screen, on every screen, until it is mended. What to do
 * stands first; what does not fit is the reason.
 */
function unsavedText({ model, theme }: Scene, width: number): string | undefined {
  const { saving } = model.fleet;
  if (saving.is !== 'failing') return undefined;
  const journal = model.services.find((row) => row.name === 'journal');
  const where = journal === undefined || journal.listens === '-' ? 'the state folder' : journal.listens;
  const reason = showText(saving.reason, theme.set, 160);
  const full = /space|full|quota|ENOSPC|EDQUOT/i.test(reason);
  const todo = full ? `free space in ${showText(where, theme.set, 60)}` : `mend ${showText(where, theme.set, 60)}`;
  const short = ` NOT SAVING ${renderAge(model.nowMs - saving.since)}: ${todo}`;
  const unkept = unkeptIn(model.fleet);
  if (unkept.length > 0) {
    const lost = showText(tellUnkept(unkept), theme.set, 400);
    return firstThatFits(
      [
        ` NOT SAVED, lost if the engine ends now: ${lost}. To save: ${todo}`,
        ` NOT SAVED, lost if the engine ends now: ${lost}`,
        ` NOT SAVED, lost at an end: ${lost}`,
        ` NOT SAVED, lost at an end: ${unkept.length} orders. ${todo}`,
        ` NOT SAVED: ${unkept.length === 1 ? lost : `${unkept.length} orders`}`,
      ],
      width,
    );
  }
  return firstThatFits(
    [
      `${short}. Nothing new is armed; it goes on by itself. ${reason}`,
      `${short}. Nothing new is armed. ${reason}`,
      `${short}. Nothing new is armed.`,
      short,
      ` NOT SAVING: ${full ? 'free space on its disk' : reason}`,
    ],
    width,
  );
}

/** The longest that fits, else the last one, which is cut. */
const firstThatFits = (texts: readonly string[], width: number): string | undefined =>
  texts.find((text) => widthOf(text) <= width) ?? texts.at(-1);

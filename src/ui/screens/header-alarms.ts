import { renderAge, renderSpan } from '../format/duration.ts';
import { layoutFor } from '../select/layout.ts';
import { isStale, type ScreenModel } from '../state/screen-model.ts';
import { fitText, showText, widthOf } from '../terminal/fit-text.ts';
import { paint } from '../terminal/theme.ts';
import type { Scene } from '../widgets/scene.ts';
import type { Span } from '../widgets/spans.ts';

/** What must never be overlooked, in place of the mode. */
export function alarmSpans(model: ScreenModel): readonly Span[] {
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
export function unsavedLine({ model, theme }: Scene, width: number): string | undefined {
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

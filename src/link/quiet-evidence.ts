import type { EventType } from '../core/event.ts';

/** A bar or a field shows these; a line each would bury the others. */
export const QUIET_EVIDENCE: ReadonlySet<EventType> = new Set([
  'loader.progressed',
  'image.progressed',
  'http.scriptAwaited',
  'http.answerSent',
  'bmc.powerRead',
  'talos.phaseStarted',
  'talos.addressed',
  'probe.opened',
]);

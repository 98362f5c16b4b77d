import { talosApiRows } from './talos-api-rows.ts';
import { talosConnectionRows } from './talos-connection-rows.ts';
import { talosInstallRows } from './talos-install-rows.ts';
import { talosRestartRows } from './talos-restart-rows.ts';
import { talosSequenceRows } from './talos-sequence-rows.ts';
import { talosStageRows } from './talos-stage-rows.ts';

/** What Talos says by event sink, kernel log and API. */
export const talosRows = {
  ...talosConnectionRows,
  ...talosSequenceRows,
  ...talosStageRows,
  ...talosInstallRows,
  ...talosRestartRows,
  ...talosApiRows,
} as const;

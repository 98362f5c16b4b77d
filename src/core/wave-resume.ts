import type { Fleet, Wave } from './fleet.ts';
import { ERASES } from './job.ts';
import { viewWave } from './wave.ts';

/** Its next machine would be armed in the moment in which PANIC ends. Older versions took it, and their journals replay so. */
export const againstResuming = ({ switches }: Pick<Fleet, 'switches'>): string | undefined =>
  switches.panic === undefined ? undefined : 'the panic key is pressed: release it first, then resume the wave';

/** What has to be typed before it goes on, with the number of machines that wait; undefined: nothing of it erases. */
export function erasingPhrase(wave: Wave): string | undefined {
  const count = viewWave(wave).waiting.length;
  return ERASES.has(wave.kind) && count > 0 ? `ERASE ${count}` : undefined;
}

/** What was confirmed when it began may be days old, and of another person. */
export function unconfirmedResume(wave: Wave, confirmed: string | undefined): string | undefined {
  const wanted = erasingPhrase(wave);
  if (wanted === undefined || confirmed === wanted) return undefined;
  const { waiting } = viewWave(wave);
  const whom = waiting.length === 1 ? `the disk of ${waiting[0]}` : `the disks of ${waiting.length} machines`;
  const older = confirmed === undefined ? ' (a crashcart older than this engine cannot)' : '';
  return `this wave goes on to ERASE ${whom}: type ${wanted} to confirm${older}`;
}

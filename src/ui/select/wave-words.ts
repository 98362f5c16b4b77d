import type { Fleet, Wave } from '../../core/fleet.ts';
import { viewWave, waveWaits } from '../../core/wave.ts';

/** For what the machines of a wave wait, and how far it is, in one sentence. Names of machines are in it: show it cleaned. */
export function waveWords(fleet: Fleet, wave: Wave): string {
  const { waiting, active, done, failed, cancelled } = viewWave(wave);
  const counts = [
    `${done} done`,
    ...(failed === 0 ? [] : [`${failed} failed`]),
    ...(cancelled === 0 ? [] : [`${cancelled} cancelled`]),
    ...(active.length === 0 ? [] : [`${active.length} under way`]),
    ...(waiting.length === 0 ? [] : [`${waiting.length} waiting`]),
  ].join(', ');
  const why = whyOf(fleet, wave, waiting.length);
  // In a narrow window only the beginning is seen.
  return why === '' ? counts : `${why} (${counts})`;
}

function whyOf(fleet: Fleet, wave: Wave, waiting: number): string {
  if (wave.why !== undefined) return wave.why;
  if (wave.state === 'paused') return 'paused, nothing more starts';
  if (wave.state !== 'running' || waiting === 0) return '';
  const waits = waveWaits(fleet, wave);
  if (waits.length > 0) return waits.join('; ');
  const canaries = wave.started.slice(0, wave.canary).filter((name) => wave.ended[name] === undefined);
  if (canaries.length > 0) return `${canaries.join(', ')} ${canaries.length === 1 ? 'goes' : 'go'} first`;
  return `${wave.width} at a time`;
}

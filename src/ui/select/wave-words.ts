import type { Wave } from '../../core/fleet.ts';
import { viewWave } from '../../core/wave.ts';
import type { WaveWaits } from './wave-waits.ts';

/** For what the machines of a wave wait, and how far it is, in one sentence. Names of machines are in it: show it cleaned. */
export function waveWords(wave: Wave, waits: WaveWaits): string {
  const { waiting, active, done, failed, cancelled } = viewWave(wave);
  const counts = [
    `${done} done`,
    ...(failed === 0 ? [] : [`${failed} failed`]),
    ...(cancelled === 0 ? [] : [`${cancelled} cancelled`]),
    ...(active.length === 0 ? [] : [`${active.length} under way`]),
    ...(waiting.length === 0 ? [] : [`${waiting.length} waiting`]),
  ].join(', ');
  const why = whyOf(wave, waiting.length, waits);
  // In a narrow window only the beginning is seen.
  return why === '' ? counts : `${why} (${counts})`;
}

function whyOf(wave: Wave, waiting: number, waits: WaveWaits): string {
  if (wave.why !== undefined) return wave.why;
  if (wave.state === 'paused') return 'paused, nothing more starts';
  if (wave.state !== 'running' || waiting === 0) return '';
  const lines = waits.of(wave);
  if (lines.length > 0) return lines.join('; ');
  const canaries = wave.started.slice(0, wave.canary).filter((name) => wave.ended[name] === undefined);
  if (canaries.length > 0) return `${canaries.join(', ')} ${canaries.length === 1 ? 'goes' : 'go'} first`;
  return `${wave.width} at a time`;
}

/** Who is in it says more than its id. */
export function waveName({ entries, id }: Wave): string {
  const [first, ...more] = entries;
  return first === undefined ? id : `${first.node}${more.length === 0 ? '' : ` +${more.length}`}`;
}

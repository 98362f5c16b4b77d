import type { SiteSpec } from '../core/spec.ts';
import { given } from './given.ts';

/** What is opened once, at the start: an edit of it waits for the next one. */
const AT_START = ['ports', 'metrics', 'threads', 'stateDir', 'assetsDir'] as const;
export type AtStart = (typeof AT_START)[number];

/** Until the restart every script, plan and URL names the ports where somebody listens. */
export function siteAsStarted(started: SiteSpec, now: SiteSpec): SiteSpec {
  const { metrics: _metrics, threads: _threads, stateDir: _stateDir, assetsDir: _assetsDir, ...followed } = now;
  const { ports, metrics, threads, stateDir, assetsDir } = started;
  return { ...followed, ports, ...given({ metrics, threads, stateDir, assetsDir }) };
}

const LEFT_OUT: Readonly<Record<Exclude<AtStart, 'ports'>, string>> = {
  metrics: 'none',
  threads: 'by the cores',
  stateDir: 'the default',
  assetsDir: 'the default',
};

/**
 * What of the file waits for a restart; undefined: nothing does. `fixed`: given on the command line, so that the file does
 * not count.
 */
export function restartFor(started: SiteSpec, now: SiteSpec, fixed: ReadonlySet<AtStart>): string | undefined {
  const changed = AT_START.filter((key) => !fixed.has(key)).flatMap((key): readonly string[] => {
    const words = key === 'ports' ? portWords(started.ports, now.ports) : valueWords(key, started[key], now[key]);
    return words === '' ? [] : [`${key}: ${words}`];
  });
  return changed.length === 0 ? undefined : `restart for ${changed.join('; ')}`;
}

function portWords(started: SiteSpec['ports'], now: SiteSpec['ports']): string {
  const names = Object.keys(started) as (keyof SiteSpec['ports'])[];
  return names
    .filter((name) => started[name] !== now[name])
    .map((name) => `${name} ${now[name]} (${started[name]} until then)`)
    .join(', ');
}

function valueWords(key: keyof typeof LEFT_OUT, started: string | number | undefined, now: typeof started): string {
  if (started === now) return '';
  const vault =
    key === 'assetsDir' ? ': machines are sent what is there, and `crashcart images` looks into the new one' : '';
  return `${now ?? LEFT_OUT[key]} (${started ?? LEFT_OUT[key]} until then${vault})`;
}

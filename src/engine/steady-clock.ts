import { uptime } from 'node:os';
import type { EventOf } from '../core/event.ts';
import type { HostBoot } from '../core/host-boot.ts';
import type { TimeMs } from '../core/time.ts';

/** What this host tells of time; the last two from an unknown beginning on. */
export interface HostTime {
  /** Set by people and NTP, back as well as forward. */
  readonly wallMs: () => number;
  /** Never set, and stands still while the host sleeps. */
  readonly runningMs: () => number;
  /** The same, and goes on in its sleep. A file is read for it. */
  readonly uptimeMs: () => number;
}

export const HOST_TIME: HostTime = {
  wallMs: Date.now,
  runningMs: () => performance.now(),
  uptimeMs: () => uptime() * 1000,
};

/** By which the next start knows what has passed since. `id` is empty where the host tells none: then it does not. */
export function tellHostBoot(id: string): HostBoot | undefined {
  if (id === '') return undefined;
  const uptimeMs = uptime() * 1000;
  // Not from the start of this program on, as that of `performance`.
  return { id, uptimeMs: Math.round(uptimeMs), sleptMs: Math.round(uptimeMs - Number(process.hrtime.bigint()) / 1e6) };
}

export type ClockMoved =
  | Pick<EventOf<'clock.stepped'>, 'type' | 'byMs' | 'aheadMs'>
  | Pick<EventOf<'clock.slept'>, 'type' | 'forMs'>;

/** NTP moves a clock by less than this without anybody being misled. */
const NOTED_MS = 5_000;
/** The uptime is told in hundredths of a second. */
const COARSE_MS = 100;

/**
 * The time of all events: the host's clock as it stood at the start, and from there on what has really passed, the host's
 * sleep with it. To set the host's clock moves nothing here, so that no age is false and no arming lives longer than was
 * said; how far the two are apart is told each time that it changes. The next start takes the host's time over.
 */
export function createSteadyClock(onMoved: (moved: ClockMoved) => void, host: HostTime = HOST_TIME): () => TimeMs {
  let runningMs = host.runningMs();
  let sleptMs = host.uptimeMs() - runningMs;
  let apartMs = host.wallMs() - runningMs;
  let baseMs = apartMs;

  const look = (): void => {
    runningMs = host.runningMs();
    const slept = host.uptimeMs() - runningMs - sleptMs;
    const forMs = slept < COARSE_MS ? 0 : Math.round(slept);
    const offMs = Math.round(host.wallMs() - runningMs - apartMs) - forMs;
    // What a sleep leaves of it is no more than how coarse it is told.
    const byMs = Math.abs(offMs) < NOTED_MS ? 0 : offMs;
    sleptMs += forMs;
    apartMs += forMs + byMs;
    baseMs += forMs;
    if (forMs >= NOTED_MS) onMoved({ type: 'clock.slept', forMs });
    if (byMs !== 0) onMoved({ type: 'clock.stepped', byMs, aheadMs: Math.round(baseMs - apartMs) });
  };

  return () => {
    const now = host.runningMs();
    if (Math.abs(host.wallMs() - now - apartMs) < NOTED_MS) return Math.floor(baseMs + now);
    look();
    return Math.floor(baseMs + runningMs);
  };
}

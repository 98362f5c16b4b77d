import type { BmcTarget } from '../core/bmc.ts';
import type { LogSink } from '../core/ports.ts';
import { valuesOf } from '../core/shard-map.ts';
import { type BmcDrivers, createBmcDrivers } from '../drivers/bmc-open.ts';
import type { BmcTimings } from '../drivers/bmc-timings.ts';
import type { Engine } from '../engine/create-engine.ts';
import type { World } from './world.ts';

const STORED_MS = 2_000;

/** Drivers whose sessions are told to the engine, so that the next start can end what a crash leaves open. */
export function openBmcDrivers(timings: BmcTimings, engine: () => Engine, log: LogSink): BmcDrivers {
  return createBmcDrivers({
    timings,
    onSession: (what, session) => {
      const event = { type: `session.${what}`, bmc: session.bmcUrl, location: session.location } as const;
      // Before a session is asked for, that it will be is on disk: a crash in between leaves nothing behind unseen.
      if (what === 'opened' && session.location.startsWith('?')) return storedSoon(engine().emitDurably([event]));
      engine().emit(event);
      return undefined;
    },
    onNote: (node, text) => log({ at: Date.now(), node, source: 'engine', level: 'debug', text }),
  });
}

/** A disk that hangs must not keep the BMCs from being spoken to. */
const storedSoon = (stored: Promise<unknown>): Promise<void> =>
  Promise.race([stored, new Promise((late) => setTimeout(late, STORED_MS).unref())]).then(() => undefined);

/** What a crash left open on BMCs is closed at the next start: leaked sessions lock operators out. */
export async function endStaleSessions(
  engine: Engine,
  drivers: BmcDrivers,
  targetOf: World['bmcTarget'],
): Promise<void> {
  const open = Object.entries(engine.fleet().bmcSessions).map(([key, bmcUrl]) => ({
    location: key.startsWith(bmcUrl) ? key.slice(bmcUrl.length) : key,
    bmcUrl,
  }));
  if (open.length === 0) return;
  const targets = new Map<string, BmcTarget>();
  for (const { name } of valuesOf(engine.fleet().nodes)) {
    const target = await targetOf(name);
    if (target.ok && open.some((one) => sameOrigin(one.bmcUrl, target.value.spec.url)))
      targets.set(new URL(target.value.spec.url).origin, target.value);
  }
  await drivers.deleteStaleSessions(open, (url) => targets.get(URL.parse(url)?.origin ?? url));
}

const sameOrigin = (a: string, b: string): boolean => URL.parse(a)?.origin === URL.parse(b)?.origin;

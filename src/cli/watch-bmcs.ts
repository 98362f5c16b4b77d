import type { BmcPort, BmcResult, OpenBmc } from '../core/bmc.ts';
import { nodeOf, nodesOf } from '../core/fleet.ts';
import { fail } from '../core/result.ts';
import { createBmcPoller } from '../drivers/bmc-poller.ts';
import type { BmcTimings } from '../drivers/bmc-timings.ts';
import { readBmcStatus } from '../drivers/read-bmc-status.ts';
import type { Engine } from '../engine/create-engine.ts';
import type { EffectPort } from '../engine/engine-ports.ts';
import { createIdentifyQueue } from './identify-queue.ts';
import type { bmcTarget } from './world-effects.ts';

export interface WatchBmcsParts {
  readonly engine: Engine;
  readonly openBmc: OpenBmc;
  readonly targetOf: (node: string) => ReturnType<typeof bmcTarget>;
  readonly effects: EffectPort;
  readonly timings: BmcTimings;
}

/** Reads every BMC now and then, and those of running jobs often; a machine's identity once, when it is first seen. */
export function watchBmcs({ engine, openBmc, targetOf, effects, timings }: WatchBmcsParts): () => void {
  const known = new Map<string, string>();
  const ports = new Map<string, PolledPort>();
  const timers = new Set<NodeJS.Timeout>();
  const later = (node: string) => {
    const timer = setTimeout(() => {
      timers.delete(timer);
      stillOff(engine, node);
    }, STILL_OFF_MS);
    timers.add(timer.unref());
  };
  const poller = createBmcPoller({
    timings,
    onStatus: (node, status, before) => {
      if (before?.power !== status.power || before.health !== status.health) {
        engine.emit({ type: 'bmc.powerRead', node, power: status.power });
        if (status.power === 'off') later(node);
      }
      noteProgress(engine, node, status.progress);
      // Health became another: what is wrong stands in the rest of what the BMC knows.
      if (before?.health !== undefined && status.health !== undefined && before.health !== status.health)
        effects.run({ type: 'bmc.identify', node }, engine.emit);
    },
    onProblem: (node, problem) => {
      if (problem !== undefined) engine.emit({ type: 'bmc.failed', node, step: 'poll', problem });
      else effects.run({ type: 'bmc.identify', node }, engine.emit);
    },
  });
  const identify = createIdentifyQueue(effects, engine.emit);
  const sync = () => {
    const wanted = new Map(
      nodesOf(engine.fleet()).flatMap((node) =>
        node.spec.bmc === undefined ? [] : [[node.name, JSON.stringify(node.spec.bmc)] as const],
      ),
    );
    for (const [name, spec] of known) {
      if (wanted.get(name) === spec) continue;
      poller.remove(name);
      void ports.get(name)?.release();
      known.delete(name);
    }
    for (const [name, spec] of wanted) {
      if (known.has(name)) continue;
      known.set(name, spec);
      const port = lazyPort(
        openBmc,
        () => targetOf(name),
        () => hasJob(engine, name),
      );
      ports.set(name, port);
      poller.add(name, port);
      identify.add(name);
    }
  };
  sync();
  const unfollow = engine.follow((event) => {
    if (event.type === 'inventory.loaded') queueMicrotask(sync);
    if (event.type === 'operator.armed') poller.setInJob(event.node, true);
    if (event.type === 'bmc.resetDone' || event.type === 'bmc.powerFound') poller.forget(event.node);
    // What broke off the boot order of a job that ended may have left the power where nobody was told of.
    if (event.type === 'bmc.overrideCleared') poller.pollNow(event.node);
    if (event.type === 'site.fingerprintTrusted') {
      effects.run({ type: 'bmc.identify', node: event.node }, engine.emit);
      poller.pollNow(event.node);
    }
    if ('node' in event && typeof event.node === 'string' && event.type !== 'bmc.powerRead' && known.has(event.node)) {
      poller.setInJob(event.node, hasJob(engine, event.node));
    }
  });
  return () => {
    unfollow();
    identify.stop();
    poller.close();
    for (const timer of timers) clearTimeout(timer);
  };
}

/** The poller tells changes only; a machine counts as down when it is off for longer than a reset takes. */
const STILL_OFF_MS = 10_000;

function stillOff(engine: Engine, name: string): void {
  if (nodeOf(engine.fleet(), name)?.power.is === 'off')
    engine.emit({ type: 'bmc.powerRead', node: name, power: 'off' });
}

/** No boot is under way, or the BMC does not know. */
const NO_PROGRESS: ReadonlySet<string> = new Set(['None', 'PowerOff', 'Unknown']);

/** Only what is new: at a start every machine that runs says so once more. */
function noteProgress(engine: Engine, name: string, progress: string | undefined): void {
  const known = nodeOf(engine.fleet(), name)?.seen.bootProgress;
  if (progress !== undefined && !NO_PROGRESS.has(progress) && progress !== known?.state)
    engine.emit({ type: 'bmc.progressRead', node: name, progress });
}

const hasJob = (engine: Engine, name: string): boolean => nodeOf(engine.fleet(), name)?.job !== undefined;

interface PolledPort extends Pick<BmcPort, 'readPower' | 'readStatus'> {
  release(): Promise<void>;
}

/**
 * Opened for each reading: the password is resolved then, and no session stays on a BMC that is only watched. While a
 * job runs it is read every few seconds, and stays open: a login each time would fill the BMC's own log.
 */
function lazyPort(openBmc: OpenBmc, target: () => ReturnType<typeof bmcTarget>, stays: () => boolean): PolledPort {
  let kept: BmcPort | undefined;
  const release = async () => {
    const port = kept;
    kept = undefined;
    await port?.close();
  };
  const once = async <T>(read: (port: BmcPort) => BmcResult<T>): BmcResult<T> => {
    if (kept === undefined) {
      const resolved = await target();
      if (!resolved.ok) return fail(resolved.error);
      kept = openBmc(resolved.value);
    }
    const result = await read(kept);
    // After a failure it is opened anew: password or certificate may be others by then.
    if (!result.ok || !stays()) await release();
    return result;
  };
  return {
    release,
    readPower: () => once((port) => port.readPower()),
    readStatus: () => once(readBmcStatus),
  };
}

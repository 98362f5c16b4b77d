import type { BmcPort, OpenBmc } from '../core/bmc.ts';
import { nodeOf, nodesOf } from '../core/fleet.ts';
import { fail } from '../core/result.ts';
import { createBmcPoller } from '../drivers/bmc-poller.ts';
import { defaultBmcTimings } from '../drivers/bmc-timings.ts';
import type { Engine } from '../engine/create-engine.ts';
import type { EffectPort } from '../engine/engine-ports.ts';
import type { bmcTarget } from './world-effects.ts';

/** Reads every BMC now and then, and those of running jobs often; a machine's identity once, when it is first seen. */
export function watchBmcs(
  engine: Engine,
  openBmc: OpenBmc,
  targetOf: (node: string) => ReturnType<typeof bmcTarget>,
  effects: EffectPort,
): () => void {
  const known = new Map<string, string>();
  const timers = new Set<NodeJS.Timeout>();
  const later = (node: string) => {
    const timer = setTimeout(() => {
      timers.delete(timer);
      stillOff(engine, node);
    }, STILL_OFF_MS);
    timers.add(timer.unref());
  };
  const poller = createBmcPoller({
    timings: defaultBmcTimings,
    onStatus: (node, status) => {
      engine.emit({ type: 'bmc.powerRead', node, power: status.power });
      if (status.power === 'off') later(node);
    },
    onProblem: (node, problem) => {
      if (problem !== undefined) engine.emit({ type: 'bmc.failed', node, step: 'poll', problem });
    },
  });
  const sync = () => {
    const wanted = new Map(
      nodesOf(engine.fleet()).flatMap((node) =>
        node.spec.bmc === undefined ? [] : [[node.name, JSON.stringify(node.spec.bmc)] as const],
      ),
    );
    for (const [name, spec] of known) {
      if (wanted.get(name) === spec) continue;
      poller.remove(name);
      known.delete(name);
    }
    for (const [name, spec] of wanted) {
      if (known.has(name)) continue;
      known.set(name, spec);
      poller.add(
        name,
        lazyPort(openBmc, () => targetOf(name)),
      );
      effects.run({ type: 'bmc.identify', node: name }, engine.emit);
    }
  };
  sync();
  const unfollow = engine.follow((event) => {
    if (event.type === 'inventory.loaded') queueMicrotask(sync);
    if (event.type === 'operator.armed') poller.setInJob(event.node, true);
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

const hasJob = (engine: Engine, name: string): boolean => nodeOf(engine.fleet(), name)?.job !== undefined;

/** Opened for each reading: the password is resolved then, and no session stays on a BMC that is only watched. */
function lazyPort(openBmc: OpenBmc, target: () => ReturnType<typeof bmcTarget>): Pick<BmcPort, 'readPower'> {
  const once = async <T>(read: (port: BmcPort) => Promise<T>) => {
    const resolved = await target();
    if (!resolved.ok) return fail(resolved.error);
    const port = openBmc(resolved.value);
    try {
      return await read(port);
    } finally {
      await port.close();
    }
  };
  return {
    readPower: async () => (await once((port) => port.readPower())) as Awaited<ReturnType<BmcPort['readPower']>>,
  };
}

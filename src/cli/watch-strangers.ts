import { getIn } from '../core/shard-map.ts';
import { machineOf, readAnyHardware } from '../drivers/talos-api/read-any-hardware.ts';
import { withApi } from '../drivers/talos-api/run-talos-effect.ts';
import type { Engine } from '../engine/create-engine.ts';

export interface StrangerWatchOptions {
  readonly engine: Engine;
  readonly everyMs?: number;
  readonly port?: number;
}

const AT_ONCE = 4;
/** A boot into maintenance mode takes minutes; after that nobody will answer any more. */
const FOR_MS = 15 * 60_000;

/**
 * While discovery is on, a machine that nobody wrote down boots into maintenance mode. Its hardware is read there, so
 * that it can be adopted by its serial number; nothing is written to it.
 */
export function watchStrangers({ engine, everyMs = 5_000, port }: StrangerWatchOptions): () => void {
  const waiting = new Map<string, number>();
  const busy = new Set<string>();
  let stopped = false;

  const unfollow = engine.follow((event) => {
    const { discoveryUntil } = engine.fleet().switches;
    if (event.type !== 'stranger.seen' || discoveryUntil === undefined || event.asked !== 'script') return;
    // It boots again: what it is may have changed.
    waiting.set(event.mac, engine.now());
  });

  const read = async (mac: string, address: string) => {
    busy.add(mac);
    const timing = port === undefined ? {} : { port };
    const found = await withApi(address, { as: 'maintenance' }, timing, readAnyHardware);
    busy.delete(mac);
    if (!found.ok || stopped) return;
    waiting.delete(mac);
    const { hardware, version, fingerprint } = found.value;
    const { disks, serial, uuid } = hardware;
    const names = {
      ...(version === undefined ? {} : { version }),
      ...(serial === undefined ? {} : { serial }),
      ...(uuid === undefined ? {} : { uuid }),
      ...(fingerprint === undefined ? {} : { fingerprint }),
    };
    engine.emit({ type: 'stranger.hardwareRead', mac, address, disks, machine: machineOf(hardware), ...names });
  };

  const timer = setInterval(() => {
    for (const [mac, since] of waiting) {
      const stranger = getIn(engine.fleet().strangers, mac);
      if (stranger === undefined || engine.now() - since > FOR_MS) waiting.delete(mac);
      else if (stranger.address !== undefined && busy.size < AT_ONCE && !busy.has(mac))
        void read(mac, stranger.address);
    }
  }, everyMs);
  timer.unref();
  return () => {
    stopped = true;
    unfollow();
    clearInterval(timer);
  };
}

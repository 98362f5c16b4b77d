import { randomUUID } from 'node:crypto';
import { clockAtStart, clockText } from '../core/clock-at-start.ts';
import { type Fleet, nodeOf, nodesOf } from '../core/fleet.ts';
import { aheadOf } from '../core/host-clock.ts';
import type { LogSink } from '../core/ports.ts';
import { unsavedText } from '../core/unsaved.ts';
import { defaultBmcTimings } from '../drivers/bmc-timings.ts';
import { createDispatcher } from '../drivers/factory/http-dispatcher.ts';
import { openFactory } from '../drivers/factory/open-factory.ts';
import { readBootId } from '../drivers/vault/partial-note.ts';
import { createDisarmLog } from '../engine/disarm-log.ts';
import { createLogBook } from '../engine/log-book.ts';
import { createRenderedBook } from '../engine/rendered-book.ts';
import { tellHostBoot } from '../engine/steady-clock.ts';
import { createTroubleLog } from '../engine/trouble-log.ts';
import { createConfigMemory } from './config-memory.ts';
import { createWorldEngine } from './create-world-engine.ts';
import { schematicsFile } from './image-keys.ts';
import { createImageWatch, type ImageWatch } from './image-watch.ts';
import { type InventoryKeeper, inventoryLoaded } from './inventory-keeper.ts';
import { liveWorld } from './live-world.ts';
import type { Planner } from './planner.ts';
import { rememberServed } from './remember-served.ts';
import { createSitePlanner } from './site-planner.ts';
import { takeOverOrders } from './take-over-orders.ts';
import type { VaultView } from './vault-view.ts';
import { VERSION } from './version.ts';
import type { OpenedParts, World, WorldOptions } from './world.ts';

/** Engine, planner and drivers need each other: each is asked for only when something happens. */
export async function joinWorld(options: WorldOptions, opened: OpenedParts, fleet: Fleet): Promise<World> {
  const { inventory, state, vault, vaultDir, secret, vaultNotes } = opened;
  const bootId = await readBootId();
  const timings = options.bmcTimings ?? defaultBmcTimings;
  const logs = createLogBook();
  let isClockSet = (): boolean => false;
  const log: LogSink = (told) => {
    // Read beside the logs of other machines, so in the host's time.
    const line = isClockSet() ? { ...told, at: Date.now() } : told;
    logs.write(line);
    options.onLog(line);
  };
  const waits = options.onWait ?? (() => undefined);
  const references = { folder: inventory.folder, env: options.env };
  const parts = { opened, references, timings, log, planner: () => planner, rendered: () => rendered };
  const hands = createWorldEngine(parts, fleet);
  const { engine, drivers, media } = hands;
  isClockSet = () => aheadOf(engine.fleet()) !== 0;
  const played = options.played === undefined ? {} : { played: options.played };
  engine.follow(createTroubleLog(fleet, log));
  engine.follow(createDisarmLog(fleet, log));
  const byClock = clockAtStart(fleet, engine.now(), tellHostBoot(bootId));
  const clock = state.journalLost ? ({ ...byClock, spanUnknown: 'journalLost' } as const) : byClock;
  const clockNote = clockText(clock);
  if (clockNote !== undefined)
    logs.write({ at: engine.now(), node: '', source: 'engine', level: 'warn', text: clockNote });
  const unsaved = unsavedText(fleet);
  if (unsaved !== undefined) logs.write({ at: engine.now(), node: '', source: 'engine', level: 'warn', text: unsaved });
  const how = { simulated: options.simulated, ...clock, ...played, endsUnsaved: true } as const;
  engine.emit({ type: 'engine.started', version: VERSION, ...how });
  const loaded = inventoryLoaded(inventory.current(), inventory.hash(), inventory.warnings);
  const takenOver = takeOverOrders(engine, state.journal, state.leftOrders, loaded);
  const configs = createConfigMemory(state.dir, secret);
  const planner: Planner = createSitePlanner({ current: inventory.current, references, vault, vaultDir, configs });
  const rendered = createRenderedBook(engine, planner);
  engine.follow((event) => {
    // A person who asks again may have mended the password on the BMC itself; by itself nothing tries it twice.
    if (event.type === 'operator.retried' || event.type === 'operator.inspectedBmc') {
      const bmc = nodeOf(engine.fleet(), event.node)?.spec.bmc;
      if (bmc !== undefined) drivers.forgetRejection(bmc.url);
    }
    if (event.type === 'http.configServed') rememberServed(configs, inventory, rendered.of(event.node));
  });
  const renderNotes = await rendered.refresh();
  // A BMC reads on from a medium that a run before this one inserted.
  for (const { spec, job } of nodesOf(engine.fleet()))
    if (spec.boot === 'virtualMedia' && job !== undefined) await media.prepare(spec);
  return {
    inventory,
    state,
    engine,
    vault: hands.served,
    rendered,
    planner,
    images: watchImages(inventory, vault, vaultDir),
    vaultDir,
    secret,
    log,
    logs,
    notes: [
      ...state.notes,
      ...(clockNote === undefined ? [] : [clockNote]),
      ...(unsaved === undefined ? [] : [unsaved]),
      ...vaultNotes,
      ...renderNotes.map((one) => `an armed machine cannot be served: ${one}`),
    ],
    newId: () => randomUUID().slice(0, 13),
    bmcTarget: hands.targetOf,
    ...liveWorld({
      ...hands,
      takenOver,
      inventory,
      state,
      vault,
      vaultDir,
      vaultNotes,
      rendered,
      planner,
      timings,
      logs,
      log,
      waits,
    }),
  };
}

/** The ids of the image factory are taken from what it said before: looking never waits for it. */
function watchImages(inventory: InventoryKeeper, vault: VaultView, vaultDir: string): ImageWatch {
  const dispatcher = createDispatcher();
  return createImageWatch({
    current: inventory.current,
    hash: inventory.hash,
    folder: inventory.folder,
    vaultDir,
    lacks: vault.lacks,
    knownId: (wish) =>
      openFactory({
        baseUrl: inventory.current().site.talos.factory,
        dispatcher,
        cacheFile: schematicsFile(vaultDir),
      }).knownSchematicId(wish),
    now: () => performance.now(),
  });
}

import { randomUUID } from 'node:crypto';
import { join, resolve } from 'node:path';
import type { EventBody } from '../core/event.ts';
import { nodeOf, nodesOf } from '../core/fleet.ts';
import type { LogSink, Rendered } from '../core/ports.ts';
import { fail, ok, type Result } from '../core/result.ts';
import { valuesOf } from '../core/shard-map.ts';
import type { DocumentRef, SecretRef } from '../core/spec.ts';
import { createBmcDrivers } from '../drivers/bmc-open.ts';
import { type BmcTimings, defaultBmcTimings } from '../drivers/bmc-timings.ts';
import { createTalosProber } from '../drivers/talos-prober.ts';
import { openVault } from '../drivers/vault/open-vault.ts';
import { createEngine, type Engine } from '../engine/create-engine.ts';
import { createLogBook, type LogBook } from '../engine/log-book.ts';
import { createRenderedBook, type RenderedBook } from '../engine/rendered-book.ts';
import { runClock } from '../engine/run-clock.ts';
import { runSnapshots } from '../engine/run-snapshots.ts';
import { watchSaving } from '../engine/watch-saving.ts';
import { resolveDocument, resolveSecret } from '../inventory/resolve-reference.ts';
import { resolveStateDir } from '../store/state-dir.ts';
import { maskText } from '../talos/mask-text.ts';
import { createBootMedia } from './boot-media.ts';
import { createConfigForJob } from './config-for-job.ts';
import { type ConfigMemory, createConfigMemory } from './config-memory.ts';
import { type BrokenInventory, type InventoryKeeper, inventoryLoaded, openInventory } from './inventory-keeper.ts';
import { mediaUrl, mediumPath } from './media-url.ts';
import { type OpenState, openState } from './open-state.ts';
import { httpBaseFor, ownAddress, serverFor } from './own-address.ts';
import type { Planner } from './planner.ts';
import { previewScript } from './preview-script.ts';
import { createSitePlanner } from './site-planner.ts';
import { siteSecret } from './site-secret.ts';
import { createTalosCalls } from './talos-calls.ts';
import { createVaultView, type VaultView } from './vault-view.ts';
import { VERSION } from './version.ts';
import { watchBmcs } from './watch-bmcs.ts';
import { watchDrift } from './watch-drift.ts';
import { watchStrangers } from './watch-strangers.ts';
import { watchTalos } from './watch-talos.ts';
import { bmcTarget, createWorldEffects, type WorldEffects } from './world-effects.ts';

export interface WorldOptions {
  readonly inventory: string;
  readonly stateDir?: string;
  readonly assetsDir?: string;
  readonly simulated: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly onLog: LogSink;
  /** Tests do not wait as long as hardware needs. */
  readonly bmcTimings?: BmcTimings;
  /** Told before each part of the start that may take a while. */
  readonly onStep?: (step: string) => void;
}

/** Everything but servers and link: inventory, state, engine, vault, planner, drivers. */
export interface World {
  readonly inventory: InventoryKeeper;
  readonly state: OpenState;
  readonly engine: Engine;
  readonly vault: VaultView;
  readonly rendered: RenderedBook;
  readonly planner: Planner;
  readonly secret: Uint8Array;
  readonly log: LogSink;
  readonly logs: LogBook;
  readonly notes: readonly string[];
  readonly newId: () => string;
  /** How a BMC is reached, with its password read from where the inventory says. */
  readonly bmcTarget: (node: string) => ReturnType<typeof bmcTarget>;
  /** Follows the inventory's files, ticks, saves: from here on things happen by themselves. */
  readonly run: () => void;
  readonly reload: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

export async function openWorld(options: WorldOptions): Promise<Result<World, BrokenInventory>> {
  const only = (message: string): Result<never, BrokenInventory> => fail({ message, problems: [] });
  const step = options.onStep ?? (() => undefined);
  step('inventory');
  const inventory = await openInventory(options.inventory);
  if (!inventory.ok) return inventory;
  const { site } = inventory.value.current();
  const dir = stateFolder(options, inventory.value);
  if (!dir.ok) return only(dir.error);
  step('journal and snapshot');
  const state = await openState(dir.value, options.simulated ? 'crashcart demo' : 'crashcart');
  if (!state.ok) return only(state.error);
  const secret = siteSecret(dir.value);
  if (!secret.ok) return only(secret.error);
  const assets =
    options.assetsDir ?? (site.assetsDir === undefined ? 'assets' : resolve(inventory.value.folder, site.assetsDir));
  step('vault of images');
  const vault = await openVault(assets);
  if (!vault.ok) return only(vault.error);
  const view = createVaultView(vault.value, () => inventory.value.current().site);
  const vaultNotes = await view.refresh();
  step('boot scripts and configurations');
  return ok(
    await joinWorld(options, inventory.value, state.value, view, vault.value.directory, secret.value, vaultNotes),
  );
}

function stateFolder(options: WorldOptions, inventory: InventoryKeeper): Result<string> {
  if (options.stateDir !== undefined) return ok(resolve(options.stateDir));
  const named = inventory.current().site.stateDir;
  if (named !== undefined) return ok(resolve(inventory.folder, named));
  return resolveStateDir(options.env, process.getuid?.() ?? 0);
}

async function joinWorld(
  options: WorldOptions,
  inventory: InventoryKeeper,
  state: OpenState,
  vault: VaultView,
  vaultDir: string,
  secret: Uint8Array,
  vaultNotes: readonly string[],
): Promise<World> {
  const logs = createLogBook();
  const log: LogSink = (line) => {
    logs.write(line);
    options.onLog(line);
  };
  const references = { folder: inventory.folder, env: options.env };
  const read = {
    secret: (ref: SecretRef) => resolveSecret(ref, references),
    document: (ref: DocumentRef) => resolveDocument(ref, references),
  };
  const timings = options.bmcTimings ?? defaultBmcTimings;
  const drivers = createBmcDrivers({
    timings,
    onSession: (what, session) => {
      const event = { type: `session.${what}`, bmc: session.bmcUrl, location: session.location } as const;
      // Before a session is asked for, that it will be is on disk: a crash in between leaves nothing behind unseen.
      if (what === 'opened' && session.location.startsWith('?')) return storedSoon(engine.emitDurably([event]));
      engine.emit(event);
      return undefined;
    },
    onNote: (node, text) => log({ at: Date.now(), node, source: 'engine', level: 'debug', text }),
  });
  const media = createBootMedia({
    folder: join(state.dir, 'media'),
    loader: vault.loader,
    baseFor: (spec) => httpBaseFor(inventory.current().site, spec),
  });
  const served: VaultView = { ...vault, medium: media.current };
  const prober = createTalosProber({ emit: (event) => engine.emit(event) });
  const talos = createTalosCalls({
    engine: () => engine,
    site: () => inventory.current().site,
    references,
    log,
    configOf: (node) => planner.configOf(node),
    configForJob: createConfigForJob(() => ({
      fleet: engine.fleet(),
      at: engine.now(),
      rendered,
      artefacts: served,
    })),
  });
  const effects: WorldEffects = createWorldEffects({
    engine: () => engine,
    openBmc: drivers.openBmc,
    hurry: drivers.hurry,
    ...read,
    prober,
    broadcastFor: (spec) => broadcastOf(inventory, spec.network.ip),
    talos: talos.run,
    log,
    mediaUrl: (node, job) => mediaUrl({ fleet: engine.fleet, rendered, artefacts: served, media, secret }, node, job),
    mediumOf: (node, job) => mediumPath(secret, node, job),
  });
  const engine: Engine = createEngine({ fleet: state.fleet, journal: state.journal, effects, now: Date.now });
  engine.emit({ type: 'engine.started', version: VERSION, simulated: options.simulated });
  engine.emit(inventoryLoaded(inventory.current(), inventory.warnings));
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
  const targetOf = (name: string) => bmcTarget({ engine: () => engine, ...read }, name);
  const stops: (() => unknown)[] = [];
  let stopped = false;
  const snapshots = runSnapshots(
    engine,
    () => state.journal.lastSeq(),
    { save: (seq, fragments) => state.snapshot.save(seq, fragments) },
    () => void state.journal.prune(state.snapshot.coveredSeq() + 1, 256 * 1024 * 1024),
  );
  let watch: ReturnType<InventoryKeeper['watch']> | undefined;
  const emit = (event: EventBody) => engine.emit(event);

  return {
    inventory,
    state,
    engine,
    vault: served,
    rendered,
    planner,
    secret,
    log,
    logs,
    notes: [...state.notes, ...vaultNotes, ...renderNotes.map((one) => `an armed machine cannot be served: ${one}`)],
    newId: () => randomUUID().slice(0, 13),
    bmcTarget: targetOf,
    run: () => {
      const drift = watchDrift({ engine, configOf: planner.configOf });
      watch = inventory.watch(emit, () => {
        drift.refresh();
        void vault.refresh().then(() => rendered.refresh());
      });
      stops.push(
        () => watch?.close(),
        runClock(engine),
        watchSaving(engine, (listener) => state.journal.onState(listener)),
        snapshots.stop,
        drift.stop,
        watchTalos({ engine, calls: talos }),
        watchStrangers({ engine }),
      );
      void endStaleSessions(engine, drivers, targetOf).then(() => {
        if (!stopped) stops.push(watchBmcs({ engine, openBmc: drivers.openBmc, targetOf, effects, timings }));
      });
    },
    reload: async () => {
      await watch?.reload();
      await vault.refresh();
      await rendered.refresh();
    },
    stop: async () => {
      stopped = true;
      prober.stopAll();
      for (const stop of stops) stop();
      await drivers.closeAll();
      await Promise.race([effects.settled(), new Promise((done) => setTimeout(done, 3000))]);
      await snapshots.now();
      await state.journal.close();
      await state.audit.close();
      state.lock.release();
    },
  };
}

/** What was served last, for the difference on the blast-radius page. */
function rememberServed(configs: ConfigMemory, inventory: InventoryKeeper, served: Rendered | undefined): void {
  const { site, nodes } = inventory.current();
  const spec = nodes.find((node) => node.name === served?.node);
  if (served?.configText === undefined || spec === undefined) return;
  configs.remember(served.node, served.configText);
  const script = previewScript(spec, served, serverFor(site, spec), site.ports.http);
  if (script.ok) configs.rememberScript(served.node, maskText(script.value));
}

function broadcastOf(inventory: InventoryKeeper, _ip: string | undefined): string | undefined {
  const net = inventory
    .current()
    .site.networks.find((one) => one.interface !== undefined && ownAddress(one) !== undefined);
  if (net === undefined) return undefined;
  const [base = '', bits = ''] = net.subnet.split('/');
  const value = base.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
  const all = value + 2 ** (32 - Number(bits)) - 1;
  return [24, 16, 8, 0].map((shift) => Math.floor(all / 2 ** shift) % 256).join('.');
}

/** What a crash left open on BMCs is closed at the next start: leaked sessions lock operators out. */
async function endStaleSessions(
  engine: Engine,
  drivers: ReturnType<typeof createBmcDrivers>,
  targetOf: (node: string) => ReturnType<typeof bmcTarget>,
): Promise<void> {
  const open = Object.entries(engine.fleet().bmcSessions).map(([key, bmcUrl]) => ({
    location: key.startsWith(bmcUrl) ? key.slice(bmcUrl.length) : key,
    bmcUrl,
  }));
  if (open.length === 0) return;
  const targets = new Map<string, Extract<Awaited<ReturnType<typeof bmcTarget>>, { readonly ok: true }>['value']>();
  for (const { name } of valuesOf(engine.fleet().nodes)) {
    const target = await targetOf(name);
    if (target.ok && open.some((one) => sameOrigin(one.bmcUrl, target.value.spec.url)))
      targets.set(new URL(target.value.spec.url).origin, target.value);
  }
  await drivers.deleteStaleSessions(open, (url) => targets.get(URL.parse(url)?.origin ?? url));
}

const STORED_MS = 2_000;

/** A disk that hangs must not keep the BMCs from being spoken to. */
const storedSoon = (stored: Promise<unknown>): Promise<void> =>
  Promise.race([stored, new Promise((late) => setTimeout(late, STORED_MS).unref())]).then(() => undefined);

const sameOrigin = (a: string, b: string): boolean => URL.parse(a)?.origin === URL.parse(b)?.origin;

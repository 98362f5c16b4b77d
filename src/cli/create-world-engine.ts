import { join } from 'node:path';
import type { Fleet } from '../core/fleet.ts';
import type { LogSink } from '../core/ports.ts';
import type { DocumentRef, SecretRef } from '../core/spec.ts';
import type { BmcDrivers } from '../drivers/bmc-open.ts';
import type { BmcTimings } from '../drivers/bmc-timings.ts';
import { createTalosProber, type TalosProber } from '../drivers/talos-prober.ts';
import { createEngine, type Engine } from '../engine/create-engine.ts';
import type { RenderedBook } from '../engine/rendered-book.ts';
import { createSteadyClock } from '../engine/steady-clock.ts';
import { type ResolveOptions, resolveDocument, resolveSecret } from '../inventory/resolve-reference.ts';
import { openBmcDrivers } from './bmc-sessions.ts';
import { type BootMedia, createBootMedia } from './boot-media.ts';
import { broadcastOf } from './broadcast-of.ts';
import { createConfigForJob } from './config-for-job.ts';
import { mediaUrl, mediumPath } from './media-url.ts';
import { httpBaseFor } from './own-address.ts';
import type { Planner } from './planner.ts';
import { createTalosCalls, type TalosCalls } from './talos-calls.ts';
import type { VaultView } from './vault-view.ts';
import type { OpenedParts, World } from './world.ts';
import { bmcTarget, createWorldEffects, type WorldEffects } from './world-effects.ts';

export interface WorldEngineParts {
  readonly opened: OpenedParts;
  readonly references: ResolveOptions;
  readonly timings: BmcTimings;
  readonly log: LogSink;
  readonly planner: () => Planner;
  readonly rendered: () => RenderedBook;
}

/** The engine with the hands that do what it orders. */
export interface WorldEngine {
  readonly engine: Engine;
  readonly effects: WorldEffects;
  readonly drivers: BmcDrivers;
  readonly media: BootMedia;
  readonly prober: TalosProber;
  readonly talos: TalosCalls;
  /** The vault, and the media that were made for a job. */
  readonly served: VaultView;
  readonly targetOf: World['bmcTarget'];
}

export function createWorldEngine(parts: WorldEngineParts, fleet: Fleet): WorldEngine {
  const { opened, references, timings, log } = parts;
  const { inventory, state, vault, secret } = opened;
  const site = () => inventory.current().site;
  const read = {
    secret: (ref: SecretRef) => resolveSecret(ref, references),
    document: (ref: DocumentRef) => resolveDocument(ref, references),
  };
  const drivers = openBmcDrivers(timings, () => engine, log);
  const media = createBootMedia({
    folder: join(state.dir, 'media'),
    loader: vault.loader,
    baseFor: (spec) => httpBaseFor(site(), spec),
  });
  const served: VaultView = { ...vault, medium: media.current };
  const prober = createTalosProber({ emit: (event) => engine.emit(event) });
  const talos = createTalosCalls({
    engine: () => engine,
    site,
    references,
    log,
    configOf: (node) => parts.planner().configOf(node),
    configForJob: createConfigForJob(() => ({
      fleet: engine.fleet(),
      at: engine.now(),
      rendered: parts.rendered(),
      artefacts: served,
    })),
  });
  const effects: WorldEffects = createWorldEffects({
    engine: () => engine,
    openBmc: drivers.openBmc,
    hurry: drivers.hurry,
    ...read,
    prober,
    broadcastFor: () => broadcastOf(inventory),
    talos: talos.run,
    log,
    mediaUrl: (node, job) =>
      mediaUrl({ fleet: engine.fleet, rendered: parts.rendered(), artefacts: served, media, secret }, node, job),
    mediumOf: (node, job) => mediumPath(secret, node, job),
  });
  const now = createSteadyClock((moved) => engine.emit(moved));
  const journal = { ...state.journal, savedSeq: () => state.snapshot.savedSeq() };
  const engine: Engine = createEngine({ fleet, journal, effects, now });
  const targetOf = (name: string) => bmcTarget({ engine: () => engine, ...read }, name);
  return { engine, effects, drivers, media, prober, talos, served, targetOf };
}

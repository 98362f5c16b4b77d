import type { EventLoopUtilization } from 'node:perf_hooks';
import type { Worker } from 'node:worker_threads';
import type { LogLine } from '../core/ports.ts';
import { fail, ok, type Result } from '../core/result.ts';
import { createAddressBook } from '../netboot/address-book.ts';
import { createTokenBook } from '../netboot/attempt-token.ts';
import type { BulkStart } from '../servers/bulk-messages.ts';
import { type CaptureRing, createCaptureRing } from '../servers/capture-ring.ts';
import { checkSurroundings, readSurroundings } from '../servers/check-surroundings.ts';
import type { ServerNews } from '../servers/create-dhcp-server.ts';
import { ADVERTISER, createRouterAdvertiser } from '../servers/create-router-advertiser.ts';
import { createDhcpRush } from '../servers/dhcp-rush.ts';
import { readOpenFiles, shareFiles } from '../servers/file-shares.ts';
import { createFileStore } from '../servers/file-store.ts';
import type { RadarStart } from '../servers/radar-thread.ts';
import type { BootParts, BootServer } from '../servers/server-parts.ts';
import { createBootSiteReader } from './boot-site-reader.ts';
import { DHCP, followNetworks } from './follow-networks.ts';
import { type InTurn, inTurn } from './in-turn.ts';
import { besideDhcp, stateOf, tellListens, tellNews, withoutName } from './service-state.ts';
import { type StartServer, serviceTable } from './service-table.ts';
import { bulkThreads, startBulk } from './start-bulk.ts';
import { RADAR, startRadar } from './start-radar.ts';
import { type WarmedUp, warmUpDhcp } from './warm-up-dhcp.ts';
import type { World } from './world.ts';

export interface Servers {
  readonly captures: CaptureRing;
  readonly running: () => ReadonlyMap<string, BootServer>;
  /** How much of their time the threads that send worked, one by one; empty where this thread sends. */
  readonly loads: () => readonly EventLoopUtilization[];
  readonly restart: (name: string) => Promise<Result<string>>;
  readonly warnings: () => readonly string[];
  readonly stop: () => Promise<void>;
}

/** It listens on the networks that have no DHCP of ours as well. */
const FILES = 'TFTP';

export interface ServersToCome extends Servers {
  /**
   * From here on machines are answered. One that cannot start ends the program with the reason; networks whose interface or
   * address is not there yet are told of, and served when it comes.
   */
  readonly open: (onStep?: (service: string) => void) => Promise<Result<void>>;
  /** For those who ask later: how many exchanges were made for it, and why no more. */
  readonly warmUp: (isOver: () => boolean) => Promise<WarmedUp>;
}

/**
 * All servers of the site, without a socket that answers.
 * `whoServes`: the engine that sits on the ports, where it is one of ours. `startThread`: one more thread of this program. Absent (not run from a bundle): the engine sends and listens itself.
 */
export async function prepareServers(
  world: World,
  startThread?: (start: BulkStart | RadarStart) => Worker,
  whoServes: () => string | undefined = () => undefined,
): Promise<Result<ServersToCome>> {
  const log = (level: LogLine['level'], text: string): void =>
    world.log({ at: world.engine.now(), node: '', source: 'engine', level, text });
  const reader = createBootSiteReader({
    spec: () => world.inventory.current().site,
    log,
  });
  if (!reader.ok) return reader;
  const { site } = reader.value;
  const captures = createCaptureRing();
  const files = createFileStore();
  const rush = createDhcpRush();
  const threads = bulkThreads(world, startThread !== undefined);
  const shares = shareFiles(readOpenFiles(), threads);
  const bulk = startBulk(world, threads, shares.http, rush, startThread);
  const parts: BootParts = {
    engine: world.engine,
    site,
    rendered: world.rendered,
    artefacts: world.vault,
    tokens: createTokenBook(world.secret),
    addresses: createAddressBook(world.engine.fleet()),
    onLog: world.log,
    captures,
    shares,
    rush,
  };
  const running = new Map<string, BootServer>();
  const radar = await startRadar(parts, running, startThread);
  const networks = new Map<string, string>();
  const addressesOf = (service: string, { listens }: Pick<ServerNews, 'listens'>): string => {
    const all = listens.map(({ address }) => address);
    if (service === DHCP) return all.join();
    const told = running.has(DHCP) ? site().nets.filter((net) => net.spec.dhcp !== 'off') : [];
    return service === FILES ? all.filter((one) => told.every((net) => net.serverText !== one)).join() : '';
  };
  const onNews = (service: string, news: ServerNews): void => {
    tellNews(world.engine, service, news);
    const now = addressesOf(service, news);
    // What is on each wire looks at them when it starts.
    if (now !== networks.get(service) || news.isAnew === true)
      for (const name of [RADAR, ADVERTISER]) void restart(name);
    networks.set(service, now);
  };
  const table = serviceTable(world, parts, { files, bulk }, running, { onReply: radar.heard, onNews });
  const start = async (name: string, make: StartServer): Promise<Result<string>> => {
    const made = await make();
    const beside = made.ok || name !== DHCP ? undefined : besideDhcp(world.inventory.current().site, made.error);
    const state = beside ?? stateOf(name, made);
    world.engine.emit({ type: 'service.changed', service: name, state });
    if (beside !== undefined) return ok(`${name} is off`);
    const ours = !made.ok && made.error.isTaken === true ? whoServes() : undefined;
    const instead = ours === undefined ? '' : `${ours}; else `;
    if (!made.ok) return fail(`${name}: ${withoutName(name, made.error.why)}\n  ${instead}${made.error.advice}`);
    running.set(name, made.value);
    networks.set(name, addressesOf(name, made.value));
    return ok(tellListens(name, 'listens' in state ? state.listens : ''));
  };
  let unfollow: (() => Promise<void>) | undefined;
  let advertiser: ReturnType<typeof createRouterAdvertiser> | undefined;
  let isOpen = false;
  let isStopping = false;
  const advertiseAnew = async (): Promise<Result<string>> => {
    await advertiser?.stop();
    advertiser = createRouterAdvertiser({ ...parts, path: process.env['PATH'] });
    return ok(`${ADVERTISER}: started again`);
  };
  const startAnew = async (name: string, make: StartServer): Promise<Result<string>> => {
    await running.get(name)?.stop();
    running.delete(name);
    return start(name, make);
  };
  const turns = new Map<string, InTurn<Result<string>>>();
  /** People and the networks wish for it whenever they like: of each service one after the other. */
  const restart = async (name: string): Promise<Result<string>> => {
    if (!isOpen) return fail('it is starting');
    if (name === RADAR) return radar.restart();
    const make = table.find(([one]) => one === name)?.[1];
    if (make === undefined && name !== ADVERTISER)
      return fail(`there is no service named ${name}: ${table.map(([one]) => one).join(', ')}`);
    const work = make === undefined ? advertiseAnew : () => startAnew(name, make);
    const turn = turns.get(name) ?? inTurn(async () => (isStopping ? fail('it is stopping') : work()));
    turns.set(name, turn);
    return turn.ask();
  };
  const stop = async () => {
    isStopping = true;
    await unfollow?.();
    await Promise.all([...turns.values()].map((turn) => turn.ended()));
    await radar.stop();
    await advertiser?.stop();
    await Promise.all([...running.values()].map((server) => server.stop()));
    await bulk?.stop();
    await files.close();
  };
  const open: ServersToCome['open'] = async (onStep = () => undefined) => {
    for (const [name, make] of table) {
      onStep(name);
      const started = await start(name, make);
      if (!started.ok) return fail(started.error);
    }
    isOpen = true;
    await restart(ADVERTISER);
    unfollow = await followNetworks({ reader: reader.value, running, onNews, log });
    return ok(undefined);
  };
  const { engine, vault: artefacts } = world;
  return ok({
    open,
    warmUp: (isOver) => warmUpDhcp({ site, artefacts, fleet: engine.fleet, now: engine.now, isOver }),
    captures,
    running: () => running,
    loads: () => bulk?.loads() ?? [],
    warnings: () => [
      ...checkSurroundings(readSurroundings(), world.engine.fleet().nodes.size, countBmcs(world)),
      ...[...running].flatMap(([name, server]) =>
        [...hampers(world, name), ...server.warnings].map((warning) => `${name}: ${warning}`),
      ),
      ...(advertiser?.warnings() ?? []),
    ],
    stop,
    restart,
  });
}

/** The radar has its own among its warnings. */
function hampers(world: World, name: string): readonly string[] {
  const state = world.engine.fleet().services[name];
  return name !== RADAR && state?.is === 'ok' && state.warning !== undefined ? [state.warning] : [];
}

const countBmcs = (world: World): number =>
  world.inventory.current().nodes.reduce((sum, node) => sum + (node.bmc === undefined ? 0 : 1), 0);

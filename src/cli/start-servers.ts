import { availableParallelism } from 'node:os';
import type { EventLoopUtilization } from 'node:perf_hooks';
import type { Worker } from 'node:worker_threads';
import type { ServiceState } from '../core/event.ts';
import { fail, ok, type Result } from '../core/result.ts';
import { createAddressBook } from '../netboot/address-book.ts';
import { createTokenBook } from '../netboot/attempt-token.ts';
import { type BootSite, buildBootSite } from '../netboot/boot-site.ts';
import type { BulkStart } from '../servers/bulk-messages.ts';
import { type BulkPool, createBulkPool } from '../servers/bulk-pool.ts';
import { type CaptureRing, createCaptureRing } from '../servers/capture-ring.ts';
import { checkSurroundings, readSurroundings } from '../servers/check-surroundings.ts';
import { createDhcpServer } from '../servers/create-dhcp-server.ts';
import { createEventSink } from '../servers/create-event-sink.ts';
import { createHttpServer } from '../servers/create-http-server.ts';
import { createKernelLogReceiver } from '../servers/create-kernel-log-receiver.ts';
import { createMetrics } from '../servers/create-metrics.ts';
import { createProxyDhcpServer } from '../servers/create-proxy-dhcp-server.ts';
import { createRadar, type Radar } from '../servers/create-radar.ts';
import { ADVERTISER, createRouterAdvertiser } from '../servers/create-router-advertiser.ts';
import { createTftpServer } from '../servers/create-tftp-server.ts';
import { createFileStore, type FileStore } from '../servers/file-store.ts';
import type { BootParts, BootServer, ServerProblem } from '../servers/server-parts.ts';
import { ownAddress } from './own-address.ts';
import { metricsAddress, serviceCounts, serviceTraffic } from './service-counts.ts';
import { VERSION } from './version.ts';
import { warmUpDhcp } from './warm-up-dhcp.ts';
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

type Start = () => Promise<Result<BootServer, ServerProblem>>;

/** All servers of the site. One that cannot start ends the program with the reason, before any machine is answered. */
/** `startBulkThread`: one more thread of this program. Absent (not run from a bundle): the engine sends images itself. */
export async function startServers(
  world: World,
  startBulkThread?: (start: BulkStart) => Worker,
  onStep: (service: string) => void = () => undefined,
): Promise<Result<Servers>> {
  const built = buildBootSite(world.inventory.current().site, ownAddress);
  if (!built.ok) return fail(built.error);
  const { nodes: specs } = world.inventory.current();
  await warmUpDhcp({ site: built.value, artefacts: world.vault, specs, now: world.engine.now });
  const captures = createCaptureRing();
  const files = createFileStore();
  const bulk = startBulk(world, startBulkThread);
  const parts: BootParts = {
    engine: world.engine,
    site: siteReader(world, built.value),
    rendered: world.rendered,
    artefacts: world.vault,
    tokens: createTokenBook(world.secret),
    addresses: createAddressBook(world.engine.fleet()),
    onLog: world.log,
    captures,
  };
  const radar = await createRadar(parts);
  const running = new Map<string, BootServer>();
  const table = serviceTable(world, parts, { files, bulk }, running, radar.ok ? radar.value : undefined);
  const start = async (name: string, make: Start): Promise<Result<string>> => {
    const made = await make();
    const state: ServiceState = made.ok
      ? { is: 'ok', listens: made.value.listens.map((one) => `${one.address}:${one.port}`).join(', ') }
      : { is: 'failed', why: withoutName(name, made.error.why), advice: made.error.advice };
    world.engine.emit({ type: 'service.changed', service: name, state });
    if (!made.ok) return fail(`${name}: ${withoutName(name, made.error.why)}\n  ${made.error.advice}`);
    running.set(name, made.value);
    return ok(`${name} listens on ${'listens' in state ? state.listens : ''}`);
  };
  let advertiser: ReturnType<typeof createRouterAdvertiser> | undefined;
  const stop = async () => {
    await advertiser?.stop();
    if (radar.ok) await radar.value.stop();
    await Promise.all([...running.values()].map((server) => server.stop()));
    await bulk?.stop();
    await files.close();
  };
  // Without the radar machines boot as well; that other servers are not seen is worth a line.
  world.engine.emit({
    type: 'service.changed',
    service: 'radar',
    state: radarState(radar),
  });
  for (const [name, make] of table) {
    onStep(name);
    const started = await start(name, make);
    if (started.ok) continue;
    await stop();
    return fail(started.error);
  }
  const advertise = () => createRouterAdvertiser({ ...parts, path: process.env['PATH'] });
  advertiser = advertise();
  return ok({
    captures,
    running: () => running,
    loads: () => bulk?.loads() ?? [],
    warnings: () => [
      ...checkSurroundings(readSurroundings(), world.engine.fleet().nodes.size, countBmcs(world)),
      ...[...running].flatMap(([name, server]) => server.warnings.map((warning) => `${name}: ${warning}`)),
      ...(advertiser?.warnings() ?? []),
    ],
    stop,
    restart: async (name) => {
      if (name === ADVERTISER) {
        await advertiser?.stop();
        advertiser = advertise();
        return ok(`${name}: started again`);
      }
      const make = table.find(([one]) => one === name)?.[1];
      if (make === undefined) return fail(`there is no service named ${name}: ${table.map(([one]) => one).join(', ')}`);
      await running.get(name)?.stop();
      running.delete(name);
      return start(name, make);
    },
  });
}

const countBmcs = (world: World): number =>
  world.inventory.current().nodes.reduce((sum, node) => sum + (node.bmc === undefined ? 0 : 1), 0);

/** Without ears it is off, and says why: silence would look as if the wire had been listened to. */
export function radarState(radar: Result<Pick<Radar, 'listens' | 'warnings'>, ServerProblem>): ServiceState {
  if (!radar.ok) return { is: 'off', why: withoutName('radar', radar.error.why) };
  const { listens, warnings } = radar.value;
  if (listens.length > 0) return { is: 'ok', listens: listens.map((one) => `${one.address}:${one.port}`).join(', ') };
  return { is: 'off', why: warnings[0] ?? 'no network names an interface' };
}

interface Senders {
  readonly files: FileStore;
  readonly bulk: BulkPool | undefined;
}

/** More would only divide the same wire; the engine has the rest of the machine. */
const MAX_THREADS = 4;

/** With one core a second thread only takes turns with the first. SO_REUSEPORT deals out connections on Linux alone. */
function startBulk(world: World, startBulkThread?: (start: BulkStart) => Worker): BulkPool | undefined {
  const cores = availableParallelism();
  const threads = world.inventory.current().site.threads ?? (cores < 2 ? 0 : Math.min(cores, MAX_THREADS));
  if (threads === 0 || process.platform !== 'linux' || startBulkThread === undefined) return undefined;
  const start: BulkStart = { role: 'bulk' };
  return createBulkPool({ threads, start: () => startBulkThread(start), onLog: world.log, now: Date.now });
}

/** A reload may change networks; one that cannot be built keeps the last that could. */
function siteReader(world: World, first: BootSite): () => BootSite {
  let spec = world.inventory.current().site;
  let site = first;
  return () => {
    const now = world.inventory.current().site;
    if (now === spec) return site;
    spec = now;
    const built = buildBootSite(now, ownAddress);
    if (built.ok) site = built.value;
    else
      world.log({
        at: Date.now(),
        node: '',
        source: 'engine',
        level: 'error',
        text: `the networks of the site are not usable: ${built.error}`,
      });
    return site;
  };
}

/** A server names itself in what it says; wherever this is shown its name stands before it already. */
export const withoutName = (name: string, why: string): string =>
  why.startsWith(`${name}: `) ? why.slice(name.length + 2) : why;

function serviceTable(
  world: World,
  parts: BootParts,
  { files, bulk }: Senders,
  running: ReadonlyMap<string, BootServer>,
  radar: Radar | undefined,
): readonly (readonly [string, Start])[] {
  const { site } = world.inventory.current();
  const { ports } = site;
  // Without an interface there is nobody to broadcast to: everything comes by relays, or over loopback.
  const isRelayed = site.networks.every((net) => net.interface === undefined);
  const own = new Set(isRelayed ? site.networks.map(ownAddress) : []);
  const [address] = own.size === 1 ? own : [];
  const bound = (port: number) => (address === undefined ? { port } : { port, address });
  const serves = site.networks.some((net) => net.dhcp !== 'off');
  const dhcp: readonly (readonly [string, Start])[] = serves
    ? [
        [
          'DHCP',
          () =>
            createDhcpServer({
              ...parts,
              bind: bound(ports.dhcp),
              whenStored: () => world.state.journal.durable(world.state.journal.lastSeq()),
              ...(radar === undefined ? {} : { onReply: radar.heard, onBurst: radar.coverEars }),
            }),
        ],
        ['proxyDHCP', () => createProxyDhcpServer({ ...parts, bind: bound(ports.proxy) })],
      ]
    : [];
  const { metrics } = site;
  return [
    ...dhcp,
    [
      'TFTP',
      () =>
        createTftpServer({
          ...parts,
          bind: bound(ports.tftp),
          files,
          ...(bulk === undefined ? {} : { runner: bulk.tftp }),
        }),
    ],
    [
      'HTTP',
      () => createHttpServer({ ...parts, bind: bound(ports.http), files, ...(bulk === undefined ? {} : { bulk }) }),
    ],
    ['events', () => createEventSink({ ...parts, bind: bound(ports.events) })],
    ['kernel log', () => createKernelLogReceiver({ ...parts, bind: bound(ports.kernelLog) })],
    ...(metrics === undefined
      ? []
      : [
          [
            'metrics',
            () =>
              createMetrics({
                engine: parts.engine,
                version: VERSION,
                counts: () => serviceCounts(running, bulk),
                traffic: () => serviceTraffic(running),
                bind: metricsAddress(metrics),
              }),
          ] as const,
        ]),
  ];
}

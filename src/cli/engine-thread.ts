import { join } from 'node:path';
import { parentPort } from 'node:worker_threads';
import { cleanText } from '../core/clean-text.ts';
import { asHostTime } from '../core/host-clock.ts';
import type { LogLine } from '../core/ports.ts';
import { fail, ok, type Result } from '../core/result.ts';
import { renderProblems } from '../inventory/render-problems.ts';
import { closeControl, listenControl } from '../link/control-socket.ts';
import type { FromClient, FromEngine } from '../link/link-protocol.ts';
import { createPortCarrier } from '../link/port-carrier.ts';
import { createLinkServer } from '../link/serve-link.ts';
import { createSocketCarrier } from '../link/socket-carrier.ts';
import { goFirst } from '../servers/thread-priority.ts';
import type { StopLoss } from './close-state.ts';
import { collectEarly } from './collect-early.ts';
import { watchDeath } from './engine-death.ts';
import { createEngineHost } from './engine-host.ts';
import type { EngineStart, FromEngineThread, ToEngineThread } from './engine-messages.ts';
import { keepNote, sameInventoryText } from './engine-notes.ts';
import { SOCKET_NAME } from './engine-socket.ts';
import { lineOf } from './event-line.ts';
import { createLogBatch } from './log-batch.ts';
import { openWorld } from './open-world.ts';
import { prepareSimulation } from './simulation.ts';
import { prepareServers, type Servers, type ServersToCome } from './start-servers.ts';
import { startThread } from './start-thread.ts';
import { warmText } from './warm-text.ts';
import type { World } from './world.ts';

const tell = (message: FromEngineThread): void => parentPort?.postMessage(message);

/**
 * The engine thread: everything that decides. Says what is `starting`, then `ready`, or `failed` with the way out, and
 * stops when it is told, also while it starts.
 */
export async function runEngineThread(start: EngineStart): Promise<void> {
  // A simulated rack would take the time of the screen that shows it.
  if (start.simulation === undefined) goFirst();
  const started: (() => Promise<unknown>)[] = [];
  const undoAll = async () => {
    for (const undo of started.toReversed()) await undo();
  };
  let stopping = false;
  const hands: Hands = { onStop: (undo) => started.push(undo), isStopping: () => stopping };
  const opening = startAll(start, hands);
  const stop = async (): Promise<void> => {
    if (stopping) return;
    stopping = true;
    await opening;
    await undoAll();
    tell({ t: 'stopped', ...(hands.loss === undefined ? {} : { loss: hands.loss }) });
    parentPort?.close();
    process.exit(0);
  };
  const log = (level: LogLine['level'], text: string): void =>
    hands.world?.log({ at: Date.now(), node: '', source: 'engine', level, text });
  const logPrinted = (raw: string) => {
    const text = cleanText(raw, 400);
    if (text !== '') log('warn', text);
  };
  parentPort?.on('message', (message: ToEngineThread) => {
    if (message.t === 'stop') void stop();
    if (message.t === 'reload') void hands.world?.reload();
    if (message.t === 'printed') logPrinted(message.text);
  });
  watchDeath({
    outOfFiles: (text) => log('error', text),
    dying: (why) => tell({ t: 'dying', why }),
  });
  const opened = await opening;
  if (stopping) return;
  if (!opened.ok) {
    await undoAll();
    tell({ t: 'failed', ...opened.error });
    start.port.close();
    parentPort?.close();
    return;
  }
  const { socket, lines, warmUp } = opened.value;
  tell({ t: 'ready', socket, lines });
  const began = performance.now();
  const warming = warmUp(() => stopping).then(
    (warmed) => {
      const text = warmText(warmed, performance.now() - began);
      if (text !== undefined) log('info', text);
    },
    (error: unknown) => log('warn', `not warmed up: ${cleanText(String(error), 200)}`),
  );
  hands.onStop(() => warming);
}

interface Hands {
  readonly onStop: (undo: () => Promise<unknown>) => void;
  readonly isStopping: () => boolean;
  /** Once it is open. */
  world?: World;
  loss?: StopLoss | undefined;
}

interface Started {
  readonly socket: string;
  readonly lines: readonly string[];
  readonly warmUp: ServersToCome['warmUp'];
}

interface NotStarted {
  readonly message: string;
  readonly problems: string;
}

const notStarted = (message: string, problems = ''): Result<never, NotStarted> => fail({ message, problems });

/** One part after another; each says how it is ended before the next begins. */
async function startAll(start: EngineStart, hands: Hands): Promise<Result<Started, NotStarted>> {
  const step = (text: string) => tell({ t: 'starting', step: text });
  const logs = createLogBatch((text) => tell({ t: 'log', text }));
  hands.onStop(async () => logs.flush());
  const simulation =
    start.simulation === undefined ? ok(undefined) : await prepareSimulation(start.simulation, start.inventory, step);
  if (!simulation.ok) return notStarted(simulation.error);
  const where = simulation.value;
  if (where !== undefined) {
    hands.onStop(async () => where.remove());
    hands.onStop(where.stop);
  }
  if (hands.isStopping()) return notStarted('stopped');
  const opened = await openWorld({
    inventory: where?.inventory ?? start.inventory,
    ...(where !== undefined ? { stateDir: where.stateDir, assetsDir: where.assetsDir } : {}),
    ...(start.stateDir === undefined ? {} : { stateDir: start.stateDir }),
    ...(start.assetsDir === undefined ? {} : { assetsDir: start.assetsDir }),
    simulated: where !== undefined,
    ...(where === undefined ? {} : { played: where.played }),
    ...(where?.warnings === undefined ? {} : { warnings: where.warnings }),
    env: { ...start.env, ...where?.env },
    onLog: (line) => {
      if (start.logs === true) logs.add(line);
    },
    onStep: step,
    onWait: (text) => tell({ t: 'waits', text }),
  });
  if (!opened.ok) return notStarted(opened.error.message, renderProblems(opened.error.problems, start.inventory));
  const world = opened.value;
  hands.world = world;
  hands.onStop(async () => {
    hands.loss = await world.stop();
  });
  // Hundreds of simulated BMCs would each be said goodbye to: they go first. What is asked of them is let go of before,
  // or the journal would tell of BMCs that failed.
  if (where !== undefined) hands.onStop(where.stop);
  hands.onStop(async () => world.letGo());
  if (hands.isStopping()) return notStarted('stopped');
  world.engine.follow((event, fleet) => {
    const line = start.logs === true ? lineOf(event) : undefined;
    if (line !== undefined) logs.add({ ...line, at: asHostTime(line.at, fleet) });
  });
  const servers = await prepareServers(world, startThread, () => sameInventoryText(start.env, world.inventory.folder));
  if (!servers.ok) return notStarted(servers.error);
  hands.onStop(servers.value.stop);
  // What forbids can be said as soon as machines are answered.
  const socket = await openLink(start, hands, world, servers.value);
  if (!socket.ok) return notStarted(socket.error);
  // A demo has a folder of its own, by which it is found.
  const noted = where === undefined ? leaveNote(start, world, socket.value) : ok(() => undefined);
  if (noted.ok) hands.onStop(async () => noted.value());
  const open = await servers.value.open(step);
  if (!open.ok) return notStarted(open.error);
  const stopCollecting = collectEarly();
  hands.onStop(async () => stopCollecting());
  await world.run();
  if (hands.isStopping()) return notStarted('stopped');
  where?.run(world);
  // What happened before is told before.
  logs.flush();
  return ok({
    socket: socket.value,
    warmUp: servers.value.warmUp,
    lines: [...(where?.notes ?? []), ...world.notes, ...servers.value.warnings(), ...(noted.ok ? [] : [noted.error])],
  });
}

/** Commands find this engine by it also while the site's file is broken, or names another folder for the next start. */
function leaveNote({ env }: EngineStart, world: World, socket: string): Result<() => void> {
  const kept = keepNote(env, {
    pid: process.pid,
    inventory: world.inventory.folder,
    socket,
    assets: world.vaultDir,
  });
  return kept.ok
    ? kept
    : fail(`no note of this engine could be left (${kept.error}): commands find it by \`stateDir:\` or --socket alone`);
}

/** The screen of this process, and whoever comes by the socket. */
async function openLink(start: EngineStart, hands: Hands, world: World, servers: Servers): Promise<Result<string>> {
  const link = createLinkServer(createEngineHost(world, servers, start));
  link.take(createPortCarrier<FromEngine, FromClient>(start.port));
  const path = join(world.state.dir, SOCKET_NAME);
  const control = await listenControl(path, (socket) => link.take(createSocketCarrier<FromEngine, FromClient>(socket)));
  if (!control.ok) return control;
  hands.onStop(async () => {
    link.stop();
    await closeControl(control.value, path);
  });
  return ok(path);
}

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fillSimVault } from '../../src/cli/fill-sim-vault.ts';
import { openWorld } from '../../src/cli/open-world.ts';
import { prepareServers } from '../../src/cli/start-servers.ts';
import type { World } from '../../src/cli/world.ts';
import { nodeOf } from '../../src/core/fleet.ts';
import type { JobKind } from '../../src/core/job.ts';
import type { NodeState } from '../../src/core/node.ts';
import type { OperatorAction } from '../../src/core/operator-action.ts';
import type { LogLine } from '../../src/core/ports.ts';
import type { Result } from '../../src/core/result.ts';
import type { BmcTimings } from '../../src/drivers/bmc-timings.ts';
import { act } from '../../src/engine/act.ts';
import { createOrdersUnderWay } from '../../src/engine/orders-under-way.ts';
import type { SimRackOptions } from '../../src/sim/rack/plan-site.ts';
import { createSimRack, type SimRack } from '../../src/sim/rack/sim-rack.ts';
import { SMALL_IMAGES } from './small-images.ts';

/** The simulated rack against the real thing: engine, journal, servers, vault and BMC drivers, as `crashcart demo` joins them. */
export interface WholeStack {
  readonly rack: SimRack;
  readonly world: World;
  readonly log: readonly LogLine[];
  readonly notes: readonly string[];
  node(name: string): NodeState;
  names(): readonly string[];
  arm(names: readonly string[], kind?: JobKind, confirmed?: string): Promise<Result<string>>;
  order(action: OperatorAction): Promise<Result<string>>;
  until(what: () => boolean, maxMs: number): Promise<void>;
  /** The program alone: its BMCs go on, and can be looked at. */
  stopProgram(): Promise<void>;
  stop(): Promise<void>;
}

export async function createWholeStack(
  options: Partial<SimRackOptions> = {},
  /** Between the making of the inventory and its first reading. */
  prepare: (rack: SimRack) => void = () => undefined,
  more: { readonly bmcTimings?: BmcTimings } = {},
): Promise<WholeStack> {
  const folder = mkdtempSync(join(tmpdir(), 'whole-stack-'));
  const notes: string[] = [];
  const made = await createSimRack({
    folder,
    nodes: 6,
    seed: 1,
    speed: 60,
    faults: 'none',
    strangers: 0,
    imageSizes: SMALL_IMAGES,
    onNote: ({ machine, text }) => notes.push(`${machine} ${text}`),
    ...options,
  });
  if (!made.ok) throw new Error(made.error);
  const rack = made.value;
  prepare(rack);
  const assetsDir = join(folder, 'assets');
  const filled = await fillSimVault(assetsDir, rack.images);
  if (!filled.ok) throw new Error(filled.error);
  const log: LogLine[] = [];
  const opened = await openWorld({
    inventory: rack.inventoryFolder,
    stateDir: join(folder, 'state'),
    assetsDir,
    simulated: true,
    played: rack.played,
    env: rack.env,
    onLog: (line) => log.push(line),
    ...more,
  });
  if (!opened.ok) throw new Error(opened.error.message);
  const world = opened.value;
  const servers = await prepareServers(world);
  if (!servers.ok) throw new Error(servers.error);
  const open = await servers.value.open();
  if (!open.ok) throw new Error(open.error);
  await world.run();
  const started = await rack.start();
  if (!started.ok) throw new Error(started.error);
  const node = (name: string): NodeState => {
    const found = nodeOf(world.engine.fleet(), name);
    if (found === undefined) throw new Error(`no node ${name}`);
    return found;
  };
  const names = () => world.inventory.current().nodes.map((one) => one.name);
  const order = (action: OperatorAction): Promise<Result<string>> =>
    act(
      {
        engine: world.engine,
        planner: world.planner,
        rendered: world.rendered,
        newId: world.newId,
        underWay: createOrdersUnderWay(),
        audit: world.state.audit,
        readOnly: false,
        site: {
          adopt: async () => ({ ok: false, error: 'not here' }),
          restartService: servers.value.restart,
        },
      },
      action,
      { actor: { user: 'test', from: 'test' }, mayWrite: true },
    );
  let stopped: Promise<void> | undefined;
  const stopProgram = (): Promise<void> => {
    stopped ??= servers.value
      .stop()
      .then(world.stop)
      .then(() => undefined);
    return stopped;
  };
  return {
    rack,
    world,
    log,
    notes,
    node,
    names,
    arm: (nodes, kind = 'install', confirmed) =>
      order({ type: 'arm', kind, nodes, planHashes: {}, ...(confirmed === undefined ? {} : { confirmed }) }),
    order,
    async until(what, maxMs) {
      const end = performance.now() + maxMs;
      while (!what()) {
        if (performance.now() > end) {
          const lines = names().map((name) => {
            const { phase, health } = node(name);
            const machine = rack.machines.get(name);
            return `${name}: ${phase.is}, ${JSON.stringify(health)}; really ${machine?.state.step}: ${machine?.console.slice(-6).join(' | ')}`;
          });
          throw new Error(`it did not come to that\n${lines.join('\n')}`);
        }
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    },
    stopProgram,
    async stop() {
      await rack.stop();
      await stopProgram();
      // A late look at a BMC must not reach the journal that was just closed.
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

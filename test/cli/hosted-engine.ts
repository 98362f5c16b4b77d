import type { Server } from 'node:net';
import { join } from 'node:path';
import type { Command } from '../../src/cli/command.ts';
import { SOCKET_NAME } from '../../src/cli/engine-socket.ts';
import { runCli } from '../../src/cli/run-cli.ts';
import type { Effect } from '../../src/core/effect.ts';
import type { EventBody } from '../../src/core/event.ts';
import { fail, ok } from '../../src/core/result.ts';
import { type ActParts, act } from '../../src/engine/act.ts';
import type { PlannerPort } from '../../src/engine/engine-ports.ts';
import { createOrdersUnderWay } from '../../src/engine/orders-under-way.ts';
import { previewNodes } from '../../src/engine/preview.ts';
import { createRenderedBook } from '../../src/engine/rendered-book.ts';
import { listenControl } from '../../src/link/control-socket.ts';
import type { FromClient, FromEngine } from '../../src/link/link-protocol.ts';
import { createLinkServer, type LinkHost } from '../../src/link/serve-link.ts';
import { createSocketCarrier } from '../../src/link/socket-carrier.ts';
import { planOf } from '../core/kit.ts';
import { createRecordedSite, type LiveRun, load, NODES, type RecordedSite } from './recorded-site.ts';

/** An engine with its real journal, audit, link and control socket; only BMCs and images are made up. */
export interface HostedEngine {
  readonly site: RecordedSite;
  readonly live: LiveRun;
  readonly socket: string;
  /** What the reducer wanted done. */
  readonly effects: readonly Effect[];
  /** From now on each order is answered so. */
  readonly refuse: (why: string) => void;
  /** From now on each plan waits for this. */
  readonly planSlowly: (wait: () => Promise<void>) => void;
  /** Ends the connections of all who are there. */
  readonly hangUp: () => void;
  readonly stop: () => Promise<void>;
}

export type BmcAnswer = (effect: Effect) => EventBody | undefined;

export async function hostEngine(answerOf: BmcAnswer = willing): Promise<HostedEngine> {
  const site = createRecordedSite();
  const effects: Effect[] = [];
  const answers = new Set<NodeJS.Timeout>();
  const live = await site.run('crashcart serve', {
    run: (effect, emit) => {
      effects.push(effect);
      const answer = answerOf(effect);
      if (answer !== undefined) answers.add(setTimeout(() => emit(answer), 5));
    },
  });
  await live.engine.emitDurably([load(...NODES)]);
  let slow = async (): Promise<void> => undefined;
  const host = createHost(live, () => slow());
  let refused: string | undefined;
  const link = createLinkServer({
    ...host,
    answer: async (ask, session) =>
      ask.type === 'act' && refused !== undefined ? fail(refused) : host.answer(ask, session),
  });
  const socket = join(site.dir, SOCKET_NAME);
  const server = await listenControl(socket, (taken) => link.take(createSocketCarrier<FromEngine, FromClient>(taken)));
  if (!server.ok) throw new Error(server.error);
  const stop = () => {
    // The journal closes: a BMC that answers now would be written nowhere.
    live.engine.letGo();
    for (const timer of answers) clearTimeout(timer);
    return stopAll(link.stop, server.value, live, site);
  };
  const refuse = (why: string) => {
    refused = why;
  };
  const planSlowly = (wait: () => Promise<void>) => {
    slow = wait;
  };
  return { site, live, socket, effects, refuse, planSlowly, hangUp: link.stop, stop };
}

async function stopAll(stopLink: () => void, server: Server, live: LiveRun, site: RecordedSite): Promise<void> {
  stopLink();
  server.close();
  await live.end();
  site.remove();
}

/** BMCs that do as they are told. */
export function willing(effect: Effect): EventBody | undefined {
  const order = 'order' in effect && effect.order !== undefined ? { order: effect.order } : {};
  switch (effect.type) {
    case 'bmc.power':
      return {
        type: 'bmc.resetDone',
        node: effect.node,
        action: effect.action,
        power: effect.action === 'off' || effect.action === 'forceOff' ? 'off' : 'on',
        askedAt: 0,
        ...order,
      };
    case 'bmc.locate':
      return { type: 'bmc.located', node: effect.node, on: effect.on, ...order };
    case 'bmc.identify':
      return {
        type: 'bmc.identityRead',
        node: effect.node,
        ...order,
        identity: { vendor: 'Acme', macs: [], drives: [], bootTargets: ['pxe'], canInsertMedia: false },
      };
    default:
      return undefined;
  }
}

const planner: PlannerPort = {
  plan: async (node, kind) =>
    node.name === NODES[2]?.name
      ? fail('its image is not in the vault')
      : ok({
          rendered: { node: node.name, plan: planOf(kind), artefactsProven: true, configText: 'machine: {}' },
          shown: { script: '#!ipxe', kernelArgs: [], config: '', diff: [], warnings: [], image: 'v1.13.9' },
        }),
};

function createHost(live: LiveRun, slow: () => Promise<void>): LinkHost {
  const { engine, audit } = live;
  const rendered = createRenderedBook(engine, planner);
  const plan: PlannerPort['plan'] = async (node, kind) => {
    await slow();
    return planner.plan(node, kind);
  };
  let jobs = 0;
  const parts: ActParts = {
    engine,
    planner: { plan },
    rendered,
    newId: () => `job-${++jobs}`,
    underWay: createOrdersUnderWay(),
    audit,
    readOnly: false,
    site: { adopt: async () => fail('none'), restartService: async () => fail('none') },
  };
  return {
    engine,
    program: 'crashcart test',
    bytesPerSecond: () => 0,
    answer: async (ask, session) => {
      if (ask.type === 'act') return act(parts, ask.action, session);
      if (ask.type === 'preview' && ask.kind !== 'apply') return previewNodes(parts, ask.nodes, ask.kind, session);
      if (ask.type === 'pcapng' && ask.node === NODES[0]?.name) return ok(Buffer.from('packets').toString('base64'));
      return fail(`no packets of this machine are kept`);
    },
  };
}

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** A command as its user runs it, short of the process around it. What it says stands in `out` while it runs. */
export async function run(
  commands: readonly Command[],
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>> = {},
  out: string[] = [],
): Promise<Ran> {
  const err: string[] = [];
  const code = await runCli(
    { commands, version: '1.0.0', out: (text) => out.push(text), err: (text) => err.push(text), env },
    argv,
  );
  return { code, out: out.join(''), err: err.join('') };
}

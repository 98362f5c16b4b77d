import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { lineOf as logLineOf } from '../../src/cli/event-line.ts';
import { cleanText } from '../../src/core/clean-text.ts';
import type { Event } from '../../src/core/event.ts';
import { emptyFleet } from '../../src/core/fleet.ts';
import { parseFleet, renderFleet } from '../../src/core/fleet-json.ts';
import type { OperatorAction } from '../../src/core/operator-action.ts';
import { fail, ok } from '../../src/core/result.ts';
import { type ActParts, act } from '../../src/engine/act.ts';
import { createEngine } from '../../src/engine/create-engine.ts';
import { createOrdersUnderWay } from '../../src/engine/orders-under-way.ts';
import { previewNodes } from '../../src/engine/preview.ts';
import { createRenderedBook } from '../../src/engine/rendered-book.ts';
import { type Ask, type FromClient, type FromEngine, LINK_VERSION } from '../../src/link/link-protocol.ts';
import { createLinkServer, type LinkServer } from '../../src/link/serve-link.ts';
import { createSocketCarrier } from '../../src/link/socket-carrier.ts';
import { nodeSpec, planOf, START } from '../netboot/boot-fixture.ts';
import { type FuzzTarget, must } from './fuzz-target.ts';

const NODES = ['n1', 'n2', 'n3'];
const KINDS: ReadonlySet<string> = new Set(['install', 'reinstall', 'wipe', 'inspect', 'rescue']);
const hashes = { n1: 'plan-install', n2: 'plan-reinstall' };

const ACTIONS: readonly OperatorAction[] = [
  { type: 'arm', kind: 'install', nodes: ['n1'], planHashes: hashes },
  { type: 'arm', kind: 'reinstall', nodes: ['n2'], planHashes: hashes, confirmed: 'n2' },
  {
    type: 'wave',
    kind: 'install',
    nodes: ['n1', 'n3'],
    planHashes: hashes,
    confirmed: '',
    canary: 1,
    width: 8,
    stopAfterFailures: 3,
  },
  { type: 'hold', nodes: ['n1'], why: 'smells of smoke' },
  { type: 'protect', nodes: ['n2'], why: 'holds data' },
  { type: 'unprotect', nodes: ['n2'] },
  { type: 'cancel', nodes: ['n1'] },
  { type: 'release', nodes: ['n1'] },
  { type: 'power', nodes: ['n1'], action: 'cycle', confirmed: 'n1', order: 'o1' },
  { type: 'locate', nodes: ['n1'], on: true },
  { type: 'bootstrap', node: 'n1', confirmed: 'n1', reason: 'the first one burnt' },
  { type: 'ignoreDrift', node: 'n1', field: 'serial', ignored: true },
  { type: 'trustFingerprint', node: 'n1', fingerprint: 'ab'.repeat(32) },
  { type: 'panic', on: false },
  { type: 'breakGlass', reason: 'the cluster is down', phrase: 'BREAK GLASS' },
  { type: 'discovery', on: true, forMs: 60_000 },
  { type: 'ignoreStranger', mac: '52:54:00:00:00:09', ignored: true },
];
const ASKS: readonly Ask[] = [
  ...ACTIONS.map((action) => ({ type: 'act', action }) as const),
  { type: 'preview', nodes: ['n1'], kind: 'wipe' },
  { type: 'log', source: '', fromLine: 0 },
  { type: 'pcapng', node: 'n1' },
  { type: 'takeWrite' },
];
const HELLO: FromClient = {
  t: 'hello',
  version: LINK_VERSION,
  user: 'eve',
  from: 'tty1',
  screen: 'attach',
  write: true,
};

const lineOf = (message: FromClient): string => `${JSON.stringify(message)}\n`;

/** As much of a socket as the carrier needs. */
class Line extends EventEmitter {
  destroyed = false;
  writableLength = 0;
  said = '';
  write(text: string): void {
    if (this.said.length < 100_000) this.said += text;
  }
  destroy(): void {
    this.destroyed = true;
  }
  readonly end = this.destroy;
  readonly destroySoon = this.destroy;
}

/** An engine whose journal is checked line by line: what is once in it is read again at every start. */
function openStand(): { readonly link: LinkServer; readonly check: () => void } {
  const append = (event: Event): number => {
    must(typeof (logLineOf(event)?.text ?? '') === 'string', 'a line of the log that is no text');
    must(JSON.stringify(JSON.parse(JSON.stringify(event))) === JSON.stringify(event), 'an event that JSON changes');
    if (event.type === 'operator.armed') must(KINDS.has(event.kind), `armed for ${event.kind}`);
    return 1;
  };
  const engine = createEngine({
    fleet: emptyFleet(START),
    journal: { append, durable: async () => ok(undefined) },
    effects: { run: () => undefined },
    now: () => START,
  });
  const nodes = NODES.map((name, at) => nodeSpec(name, `52:54:00:00:00:0${at + 1}`));
  engine.emit({ type: 'inventory.loaded', nodes, site: 'test', hash: 'h', warnings: [] });
  const planner: ActParts['planner'] = {
    plan: async (node, kind) =>
      ok({
        rendered: { node: node.name, plan: planOf(kind), artefactsProven: true, configText: 'machine: {}' },
        shown: { script: '#!ipxe', kernelArgs: [], config: '', diff: [], warnings: [], image: 'v1.13.9' },
      }),
  };
  let jobs = 0;
  const parts: ActParts = {
    engine,
    planner,
    rendered: createRenderedBook(engine, planner),
    newId: () => `job-${++jobs}`,
    underWay: createOrdersUnderWay(),
    audit: { append: async () => ok(undefined) },
    readOnly: false,
    site: { adopt: async () => fail('none'), restartService: async () => fail('none') },
  };
  const link = createLinkServer({
    engine,
    program: 'crashcart test',
    bytesPerSecond: () => 0,
    answer: async (ask, session) => {
      const { user, from } = session.actor;
      must(`${user}${from}` === cleanText(`${user}${from}`, 1000), 'a name that is not clean');
      if (ask.type === 'act') return act(parts, ask.action, session);
      if (ask.type === 'preview' && ask.kind !== 'apply') return previewNodes(parts, ask.nodes, ask.kind, session);
      return ok('nothing');
    },
  });
  const check = () => {
    const again = parseFleet(JSON.parse([...renderFleet(engine.fleet())].join('')));
    must(again.ok, again.ok ? '' : `a state that cannot be read again: ${again.error}`);
  };
  return { link, check };
}

/** Lines on the control socket, after a greeting or instead of one. */
export const linkTarget: FuzzTarget = {
  name: 'link',
  oneIn: 8,
  seeds: () => [
    ...ASKS.map((ask, id) => Buffer.from(lineOf({ t: 'ask', id, ask }))),
    Buffer.from(lineOf({ t: 'follow', everyMs: 100 })),
    Buffer.from(lineOf({ t: 'took' })),
    Buffer.from(lineOf(HELLO)),
  ],
  open: () => {
    const { link, check } = openStand();
    let fed = 0;
    return async (bytes) => {
      fed += 1;
      const line = new Line();
      link.take(createSocketCarrier<FromEngine, FromClient>(line as unknown as Socket));
      if (fed % 16 !== 0) line.emit('data', Buffer.from(lineOf(HELLO)));
      line.emit('data', Buffer.concat([bytes, Buffer.of(10)]));
      await new Promise((turn) => setImmediate(turn));
      line.emit('close');
      must(!line.said.includes('stumbled'), `an order that throws: ${line.said.slice(-300)}`);
      if (fed % 500 === 0) check();
    };
  },
};

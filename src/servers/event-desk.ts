import { nodeOf } from '../core/fleet.ts';
import { isKnownProcess, type Reported, type Told, wasReported } from '../core/reported.ts';
import { decodeEvent } from '../talos/decode-event.ts';
import { describeFact, levelOfFact } from '../talos/describe-fact.ts';
import { evidenceOfFact } from '../talos/evidence-of.ts';
import { meaningOfEvent, sequenceAfter } from '../talos/meaning-of-event.ts';
import { toldByXid } from '../talos/xid.ts';
import { createDropCounter, type DropCounter } from './drop-counter.ts';
import { createRateGate, type RateGate } from './rate-gate.ts';
import { createReportFlows, type ReportFlow, type ReportFlows } from './report-flows.ts';
import { createPerNode, createSeenIds, type SeenIds } from './seen-ids.ts';
import type { BootParts } from './server-parts.ts';
import { createTally, type Tally } from './traffic.ts';

export type EventDeskOptions = Pick<BootParts, 'engine' | 'addresses' | 'tokens' | 'onLog'> & {
  /** How often it is told what was passed over. */
  readonly tellDropsMs?: number;
};

/** What Talos tells in its events: whose they are, which are news, and what they mean. Knows of no socket. */
export interface EventDesk {
  readonly open: (address: string) => ReportFlow;
  /** One event, as it came. */
  readonly take: (flow: ReportFlow, bytes: Buffer) => void;
  /** `lost`: without a goodbye. */
  readonly close: (flow: ReportFlow, lost: boolean) => void;
  readonly tally: Tally;
  readonly stop: () => void;
}

/** A node replays at most 990 events; twice that holds the boot before as well. */
const IDS_PER_NODE = 2048;
/** Two boots one after the other tell some 300; a node that tells more in a loop says nothing new. */
const FACT_LIMITS = { burst: 400, perSecond: 10, totalBurst: 100_000, totalPerSecond: 4_000 };
const LIMITS = { burst: 3000, perSecond: 200, totalBurst: 200_000, totalPerSecond: 20_000 };

interface Desk {
  readonly options: EventDeskOptions;
  readonly gates: Gates;
  readonly flows: ReportFlows;
  readonly following: (node: string) => Following;
  readonly connected: Map<string, Set<ReportFlow>>;
}

interface Gates {
  readonly events: RateGate;
  readonly facts: RateGate;
  readonly drops: DropCounter;
  readonly tally: Tally;
}

interface Following {
  readonly seen: SeenIds;
  /** What was counted before this program started. */
  readonly before: Reported | undefined;
  /** Phase events do not name their sequence. */
  sequence: string | undefined;
}

export function createEventDesk(options: EventDeskOptions): EventDesk {
  const desk = furnish(options);
  const { gates, flows, connected } = desk;
  return {
    open: flows.open,
    take: (flow, bytes) => take(desk, flow, bytes),
    close: (flow, lost) => {
      flows.close(flow);
      forget(desk, flow, lost);
    },
    tally: gates.tally,
    stop: () => {
      connected.clear();
      gates.drops.stop();
      flows.stop();
    },
  };
}

function furnish(options: EventDeskOptions): Desk {
  const { engine, addresses, tokens, tellDropsMs } = options;
  return {
    options,
    gates: {
      events: createRateGate(LIMITS),
      facts: createRateGate(FACT_LIMITS),
      drops: createDropCounter(engine, 'events', tellDropsMs),
      tally: createTally(),
    },
    flows: createReportFlows({
      engine,
      addresses,
      tokens,
      receiver: 'events',
      ...(tellDropsMs === undefined ? {} : { tellMs: tellDropsMs }),
    }),
    following: createPerNode<Following>((node) => ({
      seen: createSeenIds(IDS_PER_NODE),
      before: eventsOf(nodeOf(engine.fleet(), node)?.reported),
      sequence: undefined,
    })),
    connected: new Map(),
  };
}

/** Without the lines of its kernel log: what is kept here is of this program's start, and nobody else keeps it. */
const eventsOf = (reported: Reported | undefined): Reported | undefined =>
  reported?.events === undefined ? undefined : { events: reported.events };

function take(desk: Desk, flow: ReportFlow, bytes: Buffer): void {
  const { flows } = desk;
  desk.gates.tally.requests += 1;
  const node = flows.nodeOf(flow) ?? identify(desk, flow, bytes);
  if (node === undefined) {
    flows.keep(flow, bytes.toString('latin1'));
    return;
  }
  for (const before of flows.release(flow)) report(desk, flow, node, Buffer.from(before, 'latin1'));
  report(desk, flow, node, bytes);
}

/** An event says nothing of its sender, except the one that tells its addresses and host name. */
function identify({ flows, gates, options }: Desk, flow: ReportFlow, bytes: Buffer): string | undefined {
  if (!gates.events.pass(flow.address, options.engine.now())) return undefined;
  const decoded = decodeEvent(bytes);
  const fact = decoded.ok ? meaningOfEvent(decoded.value) : undefined;
  if (fact?.kind === 'halted') flows.halted(flow);
  return fact?.kind === 'addresses' ? flows.identify(flow, fact) : undefined;
}

function report(desk: Desk, flow: ReportFlow, node: string, bytes: Buffer): void {
  const { engine, addresses, onLog } = desk.options;
  const { events, facts, drops } = desk.gates;
  const at = engine.now();
  if (!events.pass(node, at)) {
    greet(desk, node, flow, undefined);
    drops.add(node);
    return;
  }
  const decoded = decodeEvent(bytes);
  const told = decoded.ok ? toldByXid(decoded.value.id) : undefined;
  greet(desk, node, flow, told);
  if (!decoded.ok) {
    desk.gates.tally.errors += 1;
    onLog({ at, node, source: 'talos', level: 'warn', text: `an event that cannot be read: ${decoded.error}` });
    return;
  }
  const event = decoded.value;
  const state = desk.following(node);
  if (!state.seen.add(event.id)) return;
  const fact = meaningOfEvent(event, state.sequence);
  state.sequence = sequenceAfter(state.sequence, event);
  // Its address may change when its configuration is applied; it says so itself while the old one still holds.
  if (fact.kind === 'addresses') for (const one of fact.addresses) addresses.learnAlso(one.replace(/\/\d+$/, ''), node);
  const evidence = evidenceOfFact(node, fact);
  // After a restart of this program a node may tell its whole boot again: its log is filled by that, and nothing else.
  if (evidence !== undefined && (told === undefined || !wasReported(state.before, told))) {
    if (facts.pass(node, at)) engine.emit({ ...evidence, ...(told === undefined ? {} : { told }) });
    else drops.add(node);
  }
  onLog({ at, node, source: 'talos', level: levelOfFact(fact), text: describeFact(fact) });
}

function greet({ options, connected }: Desk, node: string, flow: ReportFlow, told: Told | undefined): void {
  const { engine } = options;
  const flows = connected.get(node) ?? new Set();
  if (flows.has(flow)) return;
  connected.set(node, flows.add(flow));
  const goesOn = isKnownProcess(nodeOf(engine.fleet(), node)?.reported, told);
  const { address } = flow;
  engine.emit({ type: 'talos.connected', node, address, by: 'events', ...(goesOn ? { goesOn } : {}) });
}

/** The end of the last connection of a node: it reboots, or the network between us is gone. */
function forget({ options, connected }: Desk, flow: ReportFlow, lost: boolean): void {
  for (const [node, flows] of connected) {
    if (!flows.delete(flow) || flows.size > 0) continue;
    connected.delete(node);
    options.engine.emit({ type: 'talos.disconnected', node, ...(lost ? { lost } : {}) });
  }
}

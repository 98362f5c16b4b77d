import { nodeOf } from '../core/fleet.ts';
import { type Reported, type Told, wasReported } from '../core/reported.ts';
import type { Result } from '../core/result.ts';
import { evidenceOfLog } from '../talos/evidence-of.ts';
import { maskText } from '../talos/mask-text.ts';
import { meaningOfLog } from '../talos/meaning-of-log.ts';
import { namesOfLog } from '../talos/names-of-log.ts';
import { type KernelLogLine, parseKernelLog } from '../talos/parse-kernel-log.ts';
import { createDropCounter, type DropCounter } from './drop-counter.ts';
import { createRateGate, type RateGate } from './rate-gate.ts';
import { createReportFlows, type ReportFlow, type ReportFlows } from './report-flows.ts';
import { createPerNode } from './seen-ids.ts';
import type { BootParts } from './server-parts.ts';
import { createTally, type Tally } from './traffic.ts';

export type KernelLogDeskOptions = Pick<BootParts, 'engine' | 'addresses' | 'tokens' | 'onLog'> & {
  /** How often it is told what was passed over. */
  readonly tellDropsMs?: number;
};

/** What kernels log: whose lines they are, which are news, and what they mean. Knows of no socket. */
export interface KernelLogDesk {
  readonly open: (address: string) => ReportFlow;
  /** A connection says nothing by itself; where its address tells whose it is, the machine is there. */
  readonly connected: (flow: ReportFlow) => void;
  readonly take: (flow: ReportFlow, line: string) => void;
  readonly close: (flow: ReportFlow) => void;
  readonly tally: Tally;
  readonly stop: () => void;
}

/** A boot has some 2,000 lines, sent at once when the network is up. */
const LINE_LIMITS = { burst: 6000, perSecond: 200, totalBurst: 500_000, totalPerSecond: 50_000 };
/** Lines that mean something; a node that logs them in a loop says nothing new. */
const FACT_LIMITS = { burst: 60, perSecond: 5, totalBurst: 20_000, totalPerSecond: 2_000 };
/** Lines by their number: what the ring of a kernel replays after a reconnect. 16 KB a node. */
const REMEMBERED = 4096;
const NODES_REMEMBERED = 1024;

interface Desk {
  readonly options: KernelLogDeskOptions;
  readonly lines: RateGate;
  readonly facts: RateGate;
  readonly drops: DropCounter;
  readonly flows: ReportFlows;
  readonly following: (node: string) => Following;
  /** Flows whose node was told that it is connected. */
  readonly greeted: WeakSet<ReportFlow>;
  readonly tally: Tally;
}

/** What was read of one node's kernels. */
interface Following {
  /** What was counted before this program started, of a kernel that may still tell it again. */
  before: Reported | undefined;
  readonly seen: Uint32Array;
  clockUs: number;
  atMs: number;
}

export function createKernelLogDesk(options: KernelLogDeskOptions): KernelLogDesk {
  const desk = furnish(options);
  const { flows, drops, tally } = desk;
  return {
    open: flows.open,
    connected: (flow) => {
      const node = flows.nodeOf(flow);
      if (node !== undefined) greet(desk, flow, node);
    },
    take: (flow, line) => take(desk, flow, line),
    close: flows.close,
    tally,
    stop: () => {
      drops.stop();
      flows.stop();
    },
  };
}

function furnish(options: KernelLogDeskOptions): Desk {
  const { engine, addresses, tokens, tellDropsMs } = options;
  return {
    options,
    lines: createRateGate(LINE_LIMITS),
    facts: createRateGate(FACT_LIMITS),
    drops: createDropCounter(engine, 'kernelLog', tellDropsMs),
    tally: createTally(),
    flows: createReportFlows({
      engine,
      addresses,
      tokens,
      receiver: 'kernelLog',
      ...(tellDropsMs === undefined ? {} : { tellMs: tellDropsMs }),
    }),
    greeted: new WeakSet(),
    following: createPerNode(
      (node) => ({
        before: linesOf(nodeOf(engine.fleet(), node)?.reported),
        seen: new Uint32Array(REMEMBERED),
        clockUs: 0,
        atMs: 0,
      }),
      NODES_REMEMBERED,
    ),
  };
}

/** Without its events: what is kept here is of this program's start, and nobody else keeps it. */
const linesOf = (reported: Reported | undefined): Reported | undefined =>
  reported?.lines === undefined ? undefined : { lines: reported.lines };

function greet({ options, greeted }: Desk, flow: ReportFlow, node: string): void {
  greeted.add(flow);
  options.engine.emit({ type: 'talos.connected', node, address: flow.address, by: 'kernelLog' });
}

function take(desk: Desk, flow: ReportFlow, text: string): void {
  const { options, lines, flows, drops, greeted } = desk;
  desk.tally.requests += 1;
  const known = flows.nodeOf(flow);
  if (!lines.pass(known ?? flow.address, options.engine.now())) {
    if (known !== undefined) drops.add(known);
    return;
  }
  const parsed = parseKernelLog(text);
  const names = parsed.ok ? namesOfLog(parsed.value.text) : undefined;
  // The token of its attempt says more than the address that it comes from.
  const asks = names !== undefined && (known === undefined || names.token !== undefined);
  const node = (asks ? flows.identify(flow, names) : undefined) ?? known;
  if (node === undefined) {
    if (parsed.ok && meaningOfLog(parsed.value.text)?.kind === 'alreadyInstalled') flows.halted(flow);
    flows.keep(flow, text);
    return;
  }
  if (known === undefined && !greeted.has(flow)) greet(desk, flow, node);
  for (const before of flows.release(flow)) report(desk, node, parseKernelLog(before));
  report(desk, node, parsed);
}

function report(desk: Desk, node: string, parsed: Result<KernelLogLine>): void {
  const { options, facts, drops, following } = desk;
  const { engine, onLog } = options;
  const at = engine.now();
  if (!parsed.ok) {
    desk.tally.errors += 1;
    if (facts.pass(`${node} broken`, at)) {
      onLog({ at, node, source: 'kernel', level: 'warn', text: `a log line that cannot be read: ${parsed.error}` });
    }
    return;
  }
  const line = parsed.value;
  const state = following(node);
  const mark = markOf(line);
  if (isReplay(state.seen, line.seq, mark)) return;
  if (isNewKernel(state, line)) {
    state.before = undefined;
    if (facts.pass(node, at)) engine.emit({ type: 'talos.kernelStarted', node });
  }
  onLog({
    at,
    node,
    source: 'kernel',
    level: line.level,
    text: MAY_HIDE.test(line.text) ? maskText(line.text) : line.text,
  });
  const fact = meaningOfLog(line.text);
  const evidence = fact === undefined ? undefined : evidenceOfLog(node, fact);
  const told: Told = { by: 'kernelLog', mark };
  // After a restart of this program the whole ring comes again: the log is filled by that, and nothing else.
  if (evidence === undefined || wasReported(state.before, told)) return;
  if (facts.pass(node, at)) engine.emit({ ...evidence, told });
  else drops.add(node);
}

/** Thousands of lines come at once; few of them could hold what must not be shown. */
const MAY_HIDE = /:\/\/|token|secret|passw|key|authorization|eyJ|LS0t/i;

/** Lines of one boot may come a little out of order by UDP; those of an older ring that is replayed are older, too. */
const CLOCK_BACK_US = 2_000_000;

function isNewKernel(state: Following, { clockUs, atMs = state.atMs }: KernelLogLine): boolean {
  const isNew = clockUs + CLOCK_BACK_US < state.clockUs && atMs >= state.atMs;
  if (isNew || clockUs > state.clockUs) state.clockUs = clockUs;
  state.atMs = Math.max(state.atMs, atMs);
  return isNew;
}

/**
 * After a reconnect the whole ring of the kernel comes again. A line is the same if it has the number and the microsecond
 * of one that was seen. A new boot counts from 0 again: its very first lines, all of microsecond 0, pass for a replay.
 */
const markOf = ({ seq, clockUs }: KernelLogLine): number => ((clockUs + seq * 4099) % 0xffff_fffe) + 1;

function isReplay(seen: Uint32Array, seq: number, mark: number): boolean {
  const slot = seq % REMEMBERED;
  if (seen[slot] === mark) return true;
  seen[slot] = mark;
  return false;
}

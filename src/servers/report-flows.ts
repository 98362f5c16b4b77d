import { nodeAtAddress, nodeOf } from '../core/fleet.ts';
import { haltsAt } from '../core/halted-stranger.ts';
import type { EnginePort } from '../core/ports.ts';
import type { AddressBook } from '../netboot/address-book.ts';
import type { TokenBook } from '../netboot/attempt-token.ts';

/** One connection of one machine, or the datagrams from one port. */
export interface ReportFlow {
  readonly address: string;
  /** It said itself who it is; holds for as long as the connection. */
  named?: string;
  /** What it told before anybody knew whose it is. */
  waiting: string[] | undefined;
  waitingChars: number;
}

/** What a report says of its sender. */
export interface ReportNames {
  readonly hostName?: string;
  readonly addresses?: readonly string[];
  /** From `talos.config=` on the kernel's own command line. */
  readonly token?: string;
}

/**
 * Whose reports these are. Mostly the address tells: a lease, the inventory, or what the machine asked for from there.
 * Behind a NAT several machines share one; then their reports wait until they name themselves, by the token of their
 * attempt or by a host name or address of one of the machines that are known to be there. Nothing is guessed.
 */
export interface ReportFlows {
  readonly open: (address: string) => ReportFlow;
  readonly nodeOf: (flow: ReportFlow) => string | undefined;
  /** Undefined: these names are of nobody, of several, or of a machine that is not known to speak from there. */
  readonly identify: (flow: ReportFlow, names: ReportNames) => string | undefined;
  readonly keep: (flow: ReportFlow, report: string) => void;
  /** Gives what waited, in its order, once. */
  readonly release: (flow: ReportFlow) => readonly string[];
  readonly close: (flow: ReportFlow) => void;
  /** Whoever speaks from there, and is no machine of ours, found Talos on its disk. */
  readonly halted: (flow: ReportFlow) => void;
  readonly stop: () => void;
}

/** Some 700 events: the boot of a machine up to its configuration has 100. */
const WAITING_MAX_CHARS = 64 * 1024;
const WAITING_FLOWS = 256;
const TELL_MS = 5_000;
const NAMED_MAX = 4;

export interface ReportFlowsOptions {
  readonly engine: EnginePort;
  readonly addresses: AddressBook;
  readonly tokens: TokenBook;
  readonly receiver: 'events' | 'kernelLog';
  readonly tellMs?: number;
}

export function createReportFlows(options: ReportFlowsOptions): ReportFlows {
  const { engine, addresses, tokens, receiver, tellMs = TELL_MS } = options;
  const waiting = new Set<ReportFlow>();
  const counts = new Map<string, number>();
  const candidatesAt = (address: string): readonly string[] => addresses.knownAt(engine.fleet(), address);

  const tell = () => {
    for (const [address, count] of counts)
      engine.emit({ type: 'reports.unassigned', receiver, address, count, why: whyUnassigned(candidatesAt(address)) });
    counts.clear();
  };
  const timer = setInterval(tell, tellMs);
  timer.unref();

  const drop = (flow: ReportFlow) => {
    flow.waiting = undefined;
    flow.waitingChars = 0;
    waiting.delete(flow);
  };

  return {
    open: (address) => ({ address, waiting: undefined, waitingChars: 0 }),
    nodeOf: (flow) => {
      const fleet = engine.fleet();
      if (flow.named !== undefined && nodeOf(fleet, flow.named) !== undefined) return flow.named;
      return addresses.nodeAt(fleet, flow.address)?.name;
    },
    identify: (flow, { hostName, addresses: own = [], token }) => {
      const fleet = engine.fleet();
      const byToken = token === undefined ? undefined : tokens.nodeOf(fleet, token)?.name;
      if (byToken !== undefined) {
        flow.named = byToken;
        return byToken;
      }
      const host = hostName?.toLowerCase();
      const leased = new Set(own.map((one) => nodeAtAddress(fleet, one.replace(/\/\d+$/, ''))?.name));
      const fits = (name: string) =>
        leased.has(name) || (host !== undefined && (host === name || host.startsWith(`${name}.`)));
      const [only, ...others] = candidatesAt(flow.address).filter(fits);
      if (only === undefined || others.length > 0) return undefined;
      flow.named = only;
      return only;
    },
    keep: (flow, report) => {
      if (counts.has(flow.address) || counts.size < WAITING_FLOWS)
        counts.set(flow.address, (counts.get(flow.address) ?? 0) + 1);
      if (report.length > WAITING_MAX_CHARS) return;
      flow.waiting ??= [];
      waiting.delete(flow);
      waiting.add(flow);
      flow.waiting.push(report);
      flow.waitingChars += report.length;
      while (flow.waitingChars > WAITING_MAX_CHARS) flow.waitingChars -= flow.waiting.shift()?.length ?? 0;
      const [oldest] = waiting;
      if (waiting.size > WAITING_FLOWS && oldest !== undefined) drop(oldest);
    },
    release: (flow) => {
      const reports = flow.waiting ?? [];
      drop(flow);
      return reports;
    },
    close: drop,
    halted: ({ address }) => {
      const mac = haltsAt(engine.fleet(), address);
      if (mac !== undefined) engine.emit({ type: 'stranger.halted', mac });
    },
    stop: () => {
      clearInterval(timer);
      waiting.clear();
      tell();
    },
  };
}

function whyUnassigned(candidates: readonly string[]): string {
  if (candidates.length === 0) return 'no machine of the inventory is known to have this address';
  const names = candidates.slice(0, NAMED_MAX).join(', ');
  const more = candidates.length > NAMED_MAX ? ` and ${candidates.length - NAMED_MAX} more` : '';
  return `${names}${more} speak from this address, and nothing in these reports says which of them it is`;
}

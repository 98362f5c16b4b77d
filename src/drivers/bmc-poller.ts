import type { BmcPort, BmcProblem, BmcStatus } from '../core/bmc.ts';
import type { BmcTimings } from './bmc-timings.ts';
import { backOffMs } from './bmc-wait.ts';
import { readBmcStatus } from './read-bmc-status.ts';

/** Asks many BMCs how their machines are: often while a job runs, seldom else, and ever less where none answers. */
export interface BmcPoller {
  add(node: string, port: Pick<BmcPort, 'readPower' | 'readStatus'>): void;
  remove(node: string): void;
  /** A job runs on the machine: polled every `pollJobMs`, the next time at once. */
  setInJob(node: string, inJob: boolean): void;
  pollNow(node: string): void;
  /** The machine was reset: what it says next is news, even if it says the same. */
  forget(node: string): void;
  stats(): { readonly polled: number; readonly failed: number; readonly failing: number; readonly known: number };
  close(): void;
}

export interface BmcPollerOptions {
  readonly timings: BmcTimings;
  /** Only when power, health or boot progress differ from the last time. */
  readonly onStatus: (node: string, status: BmcStatus, before: BmcStatus | undefined) => void;
  /** At the first failure of a row, and when its cause changes; `undefined` when the BMC is back. */
  readonly onProblem: (node: string, problem: BmcProblem | undefined) => void;
  readonly random?: () => number;
}

interface Polled {
  readonly port: Pick<BmcPort, 'readPower' | 'readStatus'>;
  inJob: boolean;
  running: boolean;
  /** Asked for while a poll ran: the next comes right after. */
  again: boolean;
  failures: number;
  status: BmcStatus | undefined;
  problem: BmcProblem | undefined;
  timer: NodeJS.Timeout | undefined;
}

/** These do not go away by waiting: somebody has to do something, and tells us by `pollNow`. */
const LASTING: ReadonlySet<BmcProblem['code']> = new Set([
  'credentials',
  'passwordChangeRequired',
  'pinMissing',
  'pinChanged',
  'missingProgram',
  'noSystem',
  'ambiguousSystem',
  'unsupported',
]);

/** Shares of the interval by which each poll comes earlier or later, so that hundreds do not knock in step. */
const JITTER = 0.2;

/**
 * A look is some requests and a login. Of 2,000 that begin together each would hold a session for a minute, and all would
 * be known only at its end; like this the first are known at once. Few are too few as well: BMCs that answer nothing hold
 * their places for half a minute, and with 24 of them 2,000 were known after six minutes. Machines with a job wait for
 * nobody.
 */
const CALM_AT_ONCE = 128;

const healthOf = ({ health }: BmcStatus) => (health === undefined ? {} : { health });

export function createBmcPoller(options: BmcPollerOptions): BmcPoller {
  const { timings } = options;
  const random = options.random ?? Math.random;
  const all = new Map<string, Polled>();
  /** Without a job, in the order in which their time came. */
  const waiting = new Set<string>();
  let calm = 0;
  let polled = 0;
  let failed = 0;
  let closed = false;

  const nextMs = (one: Polled): number => {
    const interval = one.inJob ? timings.pollJobMs : timings.pollIdleMs;
    if (one.failures === 0) return interval * (1 - JITTER + 2 * JITTER * random());
    if (one.problem !== undefined && LASTING.has(one.problem.code)) return timings.pollBackOffMaxMs;
    return backOffMs(one.failures, interval, Math.max(interval, timings.pollBackOffMaxMs), random);
  };

  const schedule = (node: string, one: Polled, ms: number) => {
    clearTimeout(one.timer);
    if (closed) return;
    one.timer = setTimeout(() => void poll(node, one), ms);
    one.timer.unref();
  };

  const noteStatus = (node: string, one: Polled, status: BmcStatus) => {
    const before = one.status;
    one.status = status;
    one.failures = 0;
    if (one.problem !== undefined) options.onProblem(node, undefined);
    one.problem = undefined;
    const same =
      before?.power === status.power && before.health === status.health && before.progress === status.progress;
    if (!same) options.onStatus(node, status, before);
  };

  const noteProblem = (node: string, one: Polled, problem: BmcProblem) => {
    failed += 1;
    one.failures += 1;
    const isNew = one.problem?.code !== problem.code;
    one.problem = problem;
    if (isNew) options.onProblem(node, problem);
  };

  async function poll(node: string, one: Polled): Promise<void> {
    if (one.running) {
      one.again = true;
      return;
    }
    const isCalm = !one.inJob;
    if (isCalm && calm >= CALM_AT_ONCE) {
      waiting.add(node);
      return;
    }
    waiting.delete(node);
    one.running = true;
    if (isCalm) calm += 1;
    const result = await readBmcStatus(one.port);
    one.running = false;
    if (isCalm) {
      calm -= 1;
      pollWaiting();
    }
    if (closed || all.get(node) !== one) return;
    polled += 1;
    if (result.ok) noteStatus(node, one, result.value);
    else noteProblem(node, one, result.error);
    const atOnce = one.again;
    one.again = false;
    schedule(node, one, atOnce ? 0 : nextMs(one));
  }

  function pollWaiting(): void {
    const [node] = waiting;
    const one = node === undefined ? undefined : all.get(node);
    if (node === undefined || one === undefined || closed) return;
    waiting.delete(node);
    void poll(node, one);
  }

  const remove = (node: string) => {
    clearTimeout(all.get(node)?.timer);
    waiting.delete(node);
    all.delete(node);
  };

  return {
    add(node, port) {
      remove(node);
      const one: Polled = {
        port,
        inJob: false,
        running: false,
        again: false,
        failures: 0,
        status: undefined,
        problem: undefined,
        timer: undefined,
      };
      all.set(node, one);
      // Hundreds that are added together are asked over the length of one short interval.
      schedule(node, one, random() * timings.pollJobMs);
    },
    remove,
    setInJob(node, inJob) {
      const one = all.get(node);
      if (one === undefined || one.inJob === inJob) return;
      one.inJob = inJob;
      schedule(node, one, inJob ? 0 : nextMs(one));
    },
    pollNow(node) {
      const one = all.get(node);
      if (one !== undefined) schedule(node, one, 0);
    },
    forget(node) {
      const one = all.get(node);
      if (one?.status !== undefined) one.status = { power: one.status.power, ...healthOf(one.status) };
    },
    stats: () => ({
      polled,
      failed,
      failing: [...all.values()].filter((one) => one.problem !== undefined).length,
      known: [...all.values()].filter((one) => one.status !== undefined).length,
    }),
    close() {
      closed = true;
      for (const one of all.values()) clearTimeout(one.timer);
      all.clear();
    },
  };
}

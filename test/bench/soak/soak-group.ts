import { nodeOf } from '../../../src/core/fleet.ts';
import type { NodeState } from '../../../src/core/node.ts';
import { failureOf } from '../../../src/core/wave.ts';
import type { SimRack } from '../../../src/sim/rack/sim-rack.ts';
import type { Random } from '../../../src/sim/run/random.ts';
import { isEndOf, mayHang, SOAK_FAULTS, SOUND, type SoakFault, suits, twinOf } from './soak-faults.ts';
import { describeNode, type SoakOperator } from './soak-operator.ts';

export interface Verdict {
  readonly node: string;
  readonly fault: string;
  readonly right: boolean;
  /** `ready`, a cause, or how it stood when patience ended. */
  readonly end: string;
  /** From its arming on. */
  readonly seconds: number;
  /** Its last one, after which nobody mended anything. */
  readonly stays: boolean;
}

export interface GroupParts {
  readonly rack: SimRack;
  readonly operator: SoakOperator;
  readonly random: Random;
  readonly nodes: readonly string[];
  /** Installed once, and then left alone: who copies its UUID must not harm it. */
  readonly twin: string | undefined;
  readonly faultShare: number;
  readonly slowFaults: boolean;
  readonly width: number;
  /** With one machine, from its arming on. */
  readonly patienceMs: number;
  readonly onVerdict: (verdict: Verdict) => void;
  /** `explained`: a busy host may be the reason. */
  readonly onRetry: (node: string, code: string, explained: boolean) => void;
}

const LOOK_MS = 200;
/** So often a machine hangs that should arrive, and the operator tries again, before he calls it wrong. */
const MAX_RETRIES = 2;
/** A machine that its wave never arms. */
const NEVER_ARMED_MS = 20 * 60_000;
const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

interface Case {
  readonly fault: SoakFault;
  readonly since: number;
  /** The job that had ended last when the wave began. */
  readonly before: string | undefined;
  /** Nobody mends what is wrong with it: what it shows at the very end is part of the verdict. */
  readonly last: boolean;
  armedAt?: number;
  retries: number;
}

/** Some machines that are provisioned together again and again, each round with other faults on other machines. */
export class SoakGroup {
  readonly #parts: GroupParts;
  readonly #open = new Map<string, Case>();
  /** Whose password was wrong in the round before: a BMC that refused one is asked again only when somebody says so. */
  #corrected = new Set<string>();
  round = 0;

  constructor(parts: GroupParts) {
    this.#parts = parts;
  }

  /** Machines of it that are on their way now. */
  get armed(): number {
    return [...this.#open.values()].filter(({ armedAt }) => armedAt !== undefined).length;
  }

  /** Wave after wave until the time is over, at least two; ends when each machine has its last verdict. */
  async run(endMs: number): Promise<void> {
    let longestMs = 0;
    for (let isLast = false; !isLast; this.round += 1) {
      const began = performance.now();
      isLast = this.round > 0 && began + longestMs >= endMs;
      await this.#startWave(isLast);
      // Who takes minutes to hang keeps no other waiting: it misses a wave.
      await this.#lookUntil(() => [...this.#open.values()].every(({ fault }) => fault.slow === true));
      longestMs = Math.max(longestMs, performance.now() - began);
    }
    await this.#lookUntil(() => this.#open.size === 0);
  }

  /** All of them once, without another wave behind it. */
  async runOnce(): Promise<void> {
    await this.#startWave(true);
    await this.#lookUntil(() => this.#open.size === 0);
  }

  async #startWave(last: boolean): Promise<void> {
    const { rack, operator, width, onVerdict } = this.#parts;
    const nodes = this.#parts.nodes.filter((name) => !this.#open.has(name));
    const faults = new Map(nodes.map((name) => [name, this.#faultFor(name)] as const));
    for (const [name, { faults: wrong }] of faults) {
      if (rack.machines.get(name)?.faults().bmc?.wrongPassword === true) this.#corrected.add(name);
      rack.setFaults(name, wrong);
    }
    const fleet = operator.fleet();
    const { started, refused } = await operator.startWave(this.round === 0 ? 'install' : 'reinstall', nodes, width);
    const since = performance.now();
    for (const [node, end] of refused)
      onVerdict({ node, fault: 'none', right: false, end: `refused: ${end}`, seconds: 0, stays: false });
    for (const name of started) {
      const before = nodeOf(fleet, name)?.endedJobs.at(-1)?.id;
      this.#open.set(name, { fault: faults.get(name) ?? SOUND, since, before, last, retries: 0 });
    }
  }

  #faultFor(name: string): SoakFault {
    const { random, faultShare, rack, twin, slowFaults } = this.#parts;
    const machine = rack.machines.get(name);
    if (machine === undefined || !random.chance(faultShare)) return SOUND;
    const all = [...SOAK_FAULTS, ...(twin === undefined ? [] : [twinOf(twin)])];
    const fit = all.filter(
      (fault) => (slowFaults || fault.slow !== true) && suits(machine.spec, rack.bmcs.has(name), fault),
    );
    return fit[random.whole(0, fit.length - 1)] ?? SOUND;
  }

  async #lookUntil(isOver: () => boolean): Promise<void> {
    while (!isOver()) {
      await sleep(LOOK_MS);
      for (const [name, one] of this.#open) await this.#look(name, one);
    }
  }

  async #look(name: string, one: Case): Promise<void> {
    const { operator, patienceMs } = this.#parts;
    const node = nodeOf(operator.fleet(), name);
    if (node === undefined) return;
    if (node.job !== undefined) one.armedAt ??= performance.now();
    const verdict = this.#endOf(node, one) ?? (await this.#hangs(node, one));
    if (verdict !== undefined) return this.#judge(name, one, ...verdict);
    const { armedAt, since, fault } = one;
    const limitMs = armedAt === undefined ? NEVER_ARMED_MS : Math.max(patienceMs, (fault.takesMin ?? 0) * 60_000);
    if (performance.now() - (armedAt ?? since) > limitMs)
      await this.#judge(name, one, false, describeNode(operator.fleet(), name));
  }

  #endOf({ endedJobs }: NodeState, { before, fault }: Case): readonly [right: boolean, end: string] | undefined {
    const ended = endedJobs.at(-1);
    if (ended === undefined || ended.id === before) return undefined;
    const done = ended.outcome === 'done';
    // Done is done: a fault that did not show in time has not stopped it.
    const right = done && (fault.ends === 'ready' || fault.orReady === true);
    return [right, done ? 'ready' : `${ended.outcome} ${ended.code ?? ''}`];
  }

  async #hangs(node: NodeState, one: Case): Promise<readonly [right: boolean, end: string] | undefined> {
    const { operator, onRetry } = this.#parts;
    const { name, health, job } = node;
    if (job === undefined || health.is === 'ok') return undefined;
    const { fault } = one;
    const { code } = health;
    if (code === 'BMC_CREDENTIALS' && fault.name !== 'wrongPassword' && this.#corrected.delete(name)) {
      await operator.act({ type: 'retry', nodes: [name] });
      return undefined;
    }
    if (isEndOf(fault, code)) return [true, code];
    if (health.is !== 'late' && one.retries < MAX_RETRIES && (fault.ends === 'ready' || fault.orReady)) {
      one.retries += 1;
      if (fault.retryAt?.includes(code) !== true) onRetry(name, `${code} (${fault.name})`, mayHang(code, fault));
      await operator.act({ type: 'retry', nodes: [name] });
      return undefined;
    }
    return failureOf(health) === undefined ? undefined : [false, `${code}: ${health.detail}`];
  }

  async #judge(name: string, one: Case, right: boolean, end: string): Promise<void> {
    const { operator, rack, onVerdict } = this.#parts;
    const { fault, since, armedAt, last } = one;
    this.#open.delete(name);
    const seconds = (performance.now() - (armedAt ?? since)) / 1000;
    onVerdict({ node: name, fault: fault.name, right, end, seconds, stays: last });
    if (last || (right && end === 'ready')) return;
    // Somebody pulls the plug before the fault is mended: what failed to write must not write after its job.
    rack.unplug(name);
    await operator.act({ type: 'cancel', nodes: [name] });
    await operator.act({ type: 'release', nodes: [name] });
  }
}

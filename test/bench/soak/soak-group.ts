import { nodeOf } from '../../../src/core/fleet.ts';
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
  readonly seconds: number;
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
  readonly patienceMs: number;
  readonly onVerdict: (verdict: Verdict) => void;
  /** `explained`: a busy host may be the reason. */
  readonly onRetry: (node: string, code: string, explained: boolean) => void;
}

const LOOK_MS = 200;
/** So often a machine hangs that should arrive, and the operator tries again, before he calls it wrong. */
const MAX_RETRIES = 2;
const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

interface Case {
  readonly fault: SoakFault;
  readonly since: number;
  readonly job: string | undefined;
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

  /** One wave over all of them; ends when each has its verdict. Those that failed keep their job when `last`. */
  async runRound(last: boolean): Promise<void> {
    const { rack, operator, nodes, width, patienceMs, onVerdict } = this.#parts;
    const faults = new Map(nodes.map((name) => [name, this.#faultFor(name)] as const));
    for (const [name, { faults: wrong }] of faults) {
      if (rack.machines.get(name)?.faults().bmc?.wrongPassword === true) this.#corrected.add(name);
      rack.setFaults(name, wrong);
    }
    const kind = this.round === 0 ? 'install' : 'reinstall';
    const before = operator.fleet();
    const { started, refused } = await operator.startWave(kind, nodes, width);
    const since = performance.now();
    for (const [node, end] of refused)
      onVerdict({ node, fault: 'none', right: false, end: `refused: ${end}`, seconds: 0 });
    for (const name of started) {
      const job = nodeOf(before, name)?.endedJobs.at(-1)?.id;
      this.#open.set(name, { fault: faults.get(name) ?? SOUND, since, job, retries: 0 });
    }
    while (this.#open.size > 0) {
      await sleep(LOOK_MS);
      for (const [name, one] of this.#open) await this.#look(name, one, last);
      if (performance.now() - since < patienceMs) continue;
      for (const [name, one] of this.#open)
        await this.#judge(name, one, false, describeNode(operator.fleet(), name), last);
    }
    this.round += 1;
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

  async #look(name: string, one: Case, last: boolean): Promise<void> {
    const { operator, onRetry } = this.#parts;
    const node = nodeOf(operator.fleet(), name);
    if (node === undefined) return;
    const { fault } = one;
    const ended = node.endedJobs.at(-1);
    if (ended !== undefined && ended.id !== one.job) {
      const done = ended.outcome === 'done';
      const end = done ? 'ready' : `${ended.outcome} ${ended.code ?? ''}`;
      // Done is done: a fault that did not show in time has not stopped it.
      await this.#judge(name, one, done && (fault.ends === 'ready' || fault.orReady === true), end, last);
      return;
    }
    if (node.job === undefined || node.health.is === 'ok') return;
    const { code } = node.health;
    if (code === 'BMC_CREDENTIALS' && fault.name !== 'wrongPassword' && this.#corrected.delete(name)) {
      await operator.act({ type: 'retry', nodes: [name] });
      return;
    }
    if (isEndOf(fault, code, node.health.detail)) await this.#judge(name, one, true, code, last);
    else if (node.health.is !== 'late' && one.retries < MAX_RETRIES && (fault.ends === 'ready' || fault.orReady)) {
      one.retries += 1;
      if (fault.retryAt?.includes(code) !== true) onRetry(name, `${code} (${fault.name})`, mayHang(code, fault));
      await operator.act({ type: 'retry', nodes: [name] });
    } else if (failureOf(node.health) !== undefined)
      await this.#judge(name, one, false, `${code}: ${node.health.detail}`, last);
  }

  async #judge(name: string, { fault, since }: Case, right: boolean, end: string, last: boolean): Promise<void> {
    const { operator, rack, onVerdict } = this.#parts;
    this.#open.delete(name);
    onVerdict({ node: name, fault: fault.name, right, end, seconds: (performance.now() - since) / 1000 });
    if (last || (right && end === 'ready')) return;
    // Somebody pulls the plug before the fault is mended: what failed to write must not write after its job.
    rack.unplug(name);
    await operator.act({ type: 'cancel', nodes: [name] });
    await operator.act({ type: 'release', nodes: [name] });
  }
}

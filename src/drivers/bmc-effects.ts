import type { BmcPort, BmcProblem } from '../core/bmc.ts';
import {
  type BmcEffect,
  type BmcEffectParts,
  type Doing,
  type Emit,
  firstStepOf,
  known,
  orderOf,
  powerTold,
} from './bmc-order.ts';
import { bootFromNetwork } from './boot-from-network.ts';
import { readBmcWhole } from './read-bmc-whole.ts';
import { tellBmcLog } from './tell-bmc-log.ts';

export interface BmcEffects {
  readonly run: (effect: BmcEffect, emit: Emit) => void;
  /** Resolves when everything that was begun has ended: before the process leaves. */
  readonly settled: () => Promise<void>;
}

/** The orders to one BMC: the last of them, what runs, and the jobs that ended while they waited. */
interface Queue {
  last: Promise<void>;
  running: { readonly job: string; readonly port: BmcPort } | undefined;
  /** A log that is being read, or waits for it: everything else goes before. */
  reading: BmcPort | 'waits' | undefined;
  readonly ended: Set<string>;
  /** A boot order that was broken off, perhaps between off and on. */
  brokeOff: boolean;
  /** Jobs whose end is told to the BMC already, or soon: one that answers again is not asked twice. */
  readonly takingBack: Set<string>;
}

/** Somebody stands before the machine, or a job waits. Who it is and what its log says is read when there is time. */
const WAITED_FOR: ReadonlySet<BmcEffect['type']> = new Set([
  'bmc.bootFromNetwork',
  'bmc.clearOverride',
  'bmc.power',
  'bmc.locate',
]);

/**
 * Orders to one BMC wait for each other; the sessions are closed whatever happens. A job that ends does not wait for its
 * own boot order, which may be patient with a BMC for ten minutes: that one is broken off, and does not power the machine.
 */
export function createBmcEffects(parts: BmcEffectParts): BmcEffects {
  const queues = new Map<string, Queue>();
  return {
    run(effect, emit) {
      const known = queues.get(effect.node);
      const queue: Queue = known ?? {
        last: Promise.resolve(),
        running: undefined,
        reading: undefined,
        ended: new Set(),
        brokeOff: false,
        takingBack: new Set(),
      };
      queues.set(effect.node, queue);
      if (effect.type === 'bmc.readLog') {
        if (queue.reading !== undefined) return;
        queue.reading = 'waits';
      } else if (typeof queue.reading === 'object') void queue.reading.close();
      if (effect.type === 'bmc.clearOverride') {
        if (queue.takingBack.has(effect.job)) return;
        queue.takingBack.add(effect.job);
        queue.ended.add(effect.job);
        if (queue.running?.job === effect.job) {
          queue.brokeOff = true;
          void queue.running.port.close();
        }
      }
      // Also what runs on this BMC now: an order may wait for the end of a long reading.
      const calm = WAITED_FOR.has(effect.type) ? parts.hurry?.(effect.node) : undefined;
      const orderedAt = parts.now();
      const next = queue.last.then(() => obey({ ...parts, orderedAt }, effect, emit, queue));
      queue.last = next;
      void next.finally(() => {
        calm?.();
        if (effect.type === 'bmc.clearOverride') queue.takingBack.delete(effect.job);
        if (queue.last === next) queues.delete(effect.node);
      });
    },
    settled: async () => {
      await Promise.allSettled([...queues.values()].map((queue) => queue.last));
    },
  };
}

async function obey(
  parts: BmcEffectParts & Pick<Doing, 'orderedAt'>,
  effect: BmcEffect,
  emit: Emit,
  queue: Queue,
): Promise<void> {
  const job = 'job' in effect ? { job: effect.job } : {};
  const over = () => effect.type === 'bmc.bootFromNetwork' && queue.ended.has(effect.job);
  let isPowerAsked = false;
  const tell: Emit = (event) => {
    if (event.type === 'bmc.powerAsked') isPowerAsked = true;
    emit(event);
  };
  const failed = (step: string, problem: BmcProblem) => {
    // That a cancelled order was broken off is no failure of the BMC; what it does of its power yet nobody knows.
    if (!over() || isPowerAsked)
      emit({ type: 'bmc.failed', node: effect.node, ...job, step, problem, ...orderOf(effect) });
  };
  if (over()) return;
  const target = await parts.targetOf(effect.node);
  if (!target.ok && effect.type === 'bmc.readLog') queue.reading = undefined;
  if (!target.ok) return failed(firstStepOf(effect, 'open'), target.error);
  if (over()) return;
  const port = parts.openBmc(target.value);
  if (effect.type === 'bmc.bootFromNetwork') queue.running = { job: effect.job, port };
  if (effect.type === 'bmc.readLog') queue.reading = port;
  try {
    if (effect.type === 'bmc.clearOverride' && queue.brokeOff) {
      queue.brokeOff = false;
      // Told before the end is: whoever cancelled should know that the machine was left off.
      const power = await port.readPower();
      if (power.ok) emit({ type: 'bmc.powerRead', node: effect.node, power: power.value });
    }
    await perform({ ...parts, port, bmc: target.value.spec, emit: tell, failed }, effect);
  } catch (error) {
    // A driver that throws is a bug; the machine must not wait for it in silence.
    const message = error instanceof Error ? error.message : String(error);
    failed('driver', {
      code: 'garbage',
      message: `the BMC driver stumbled: ${message}`,
      advice: 'Use the power button, and report this.',
      // Nobody knows what it had sent by then.
      maybeDone: true,
    });
  } finally {
    queue.running = undefined;
    if (effect.type === 'bmc.readLog') queue.reading = undefined;
    await port.close();
  }
}

/** The medium goes out even where the override cannot be cleared: each is read back by itself. */
async function takeBack(
  doing: Doing,
  { node, job, media }: Extract<BmcEffect, { readonly type: 'bmc.clearOverride' }>,
): Promise<void> {
  const { port, bmc, emit, failed } = doing;
  const identity = await known(doing, node);
  if (!identity.ok) return failed('clearOverride', identity.error);
  const may = () => doing.mayPower(node, { wants: 'takeBack', job, bmc });
  if (media) {
    const asked = may();
    const ejected = asked.ok ? await port.ejectMedia(doing.mediumOf(node, job)) : asked;
    if (ejected.ok) emit({ type: 'bmc.mediaEjected', node, job });
    else failed('ejectMedia', ejected.error);
  }
  const asked = may();
  const cleared = asked.ok ? await port.clearOverride() : asked;
  if (cleared.ok) emit({ type: 'bmc.overrideCleared', node, job });
  else failed('clearOverride', cleared.error);
}

async function perform(doing: Doing, effect: BmcEffect): Promise<void> {
  const { port, emit, failed } = doing;
  const { node } = effect;
  switch (effect.type) {
    case 'bmc.bootFromNetwork':
      return bootFromNetwork(doing, effect);
    case 'bmc.clearOverride':
      return takeBack(doing, effect);
    case 'bmc.power':
      return switchPower(doing, effect);
    case 'bmc.locate': {
      const led = await port.setLocate(effect.on, effect.rest);
      if (!led.ok) return failed('locate', led.error);
      const rest = led.value.rest === undefined ? {} : { rest: led.value.rest };
      // One that rests lit is out when it is lit again.
      return emit({ type: 'bmc.located', node, on: effect.on, ...rest, ...orderOf(effect) });
    }
    case 'bmc.readLog':
      return tellBmcLog(doing, port, node, emit);
    case 'bmc.identify': {
      const whole = await readBmcWhole(port);
      if (!whole.ok) return failed('identify', whole.error);
      const { power, identity } = whole.value;
      if (power !== undefined) emit({ type: 'bmc.powerRead', node, power });
      return emit({ type: 'bmc.identityRead', node, identity, ...orderOf(effect) });
    }
  }
}

/** Somebody named this machine and looks at it: a BMC that cannot say whose it is still switches its power. */
async function switchPower(doing: Doing, effect: Extract<BmcEffect, { readonly type: 'bmc.power' }>): Promise<void> {
  const { port, bmc, emit, failed } = doing;
  const { node, action } = effect;
  await known(doing, node);
  const may = doing.mayPower(node, { wants: 'power', bmc });
  if (!may.ok) return failed('power', may.error);
  const askedAt = doing.now();
  emit({ type: 'bmc.powerAsked', node, action, spares: true });
  const switched = await port.setPower(action);
  if (switched.ok) emit(powerTold({ node, action, ...orderOf(effect) }, askedAt, switched.value));
  else failed('power', switched.error);
}

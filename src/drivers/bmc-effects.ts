import type { BmcPort, BmcProblem, BmcTarget, OpenBmc, Power } from '../core/bmc.ts';
import type { Effect } from '../core/effect.ts';
import type { EventBody } from '../core/event.ts';
import type { Result } from '../core/result.ts';

export interface BmcEffectParts {
  readonly openBmc: OpenBmc;
  /** Resolves the password just before use; a failure is told like one of the BMC. */
  readonly targetOf: (node: string) => Promise<Result<BmcTarget, BmcProblem>>;
  readonly now: () => number;
}

export type BmcEffect = Extract<Effect, { readonly type: `bmc.${string}` }>;
type Emit = (event: EventBody) => void;
type BootFromNetwork = Extract<Effect, { readonly type: 'bmc.bootFromNetwork' }>;

export interface BmcEffects {
  readonly run: (effect: BmcEffect, emit: Emit) => void;
  /** Resolves when everything that was begun has ended: before the process leaves. */
  readonly settled: () => Promise<void>;
}

/** Orders to one BMC wait for each other; the sessions are closed whatever happens. */
export function createBmcEffects(parts: BmcEffectParts): BmcEffects {
  const queues = new Map<string, Promise<void>>();
  return {
    run(effect, emit) {
      const before = queues.get(effect.node) ?? Promise.resolve();
      const next = before.then(() => obey(parts, effect, emit));
      queues.set(effect.node, next);
      void next.finally(() => {
        if (queues.get(effect.node) === next) queues.delete(effect.node);
      });
    },
    settled: async () => {
      await Promise.allSettled(queues.values());
    },
  };
}

async function obey(parts: BmcEffectParts, effect: BmcEffect, emit: Emit): Promise<void> {
  const job = 'job' in effect ? { job: effect.job } : {};
  const failed = (step: string, problem: BmcProblem) =>
    emit({ type: 'bmc.failed', node: effect.node, ...job, step, problem });
  const target = await parts.targetOf(effect.node);
  if (!target.ok) return failed('open', target.error);
  const port = parts.openBmc(target.value);
  try {
    await perform(parts, port, effect, emit, failed);
  } catch (error) {
    // A driver that throws is a bug; the machine must not wait for it in silence.
    const message = error instanceof Error ? error.message : String(error);
    failed('driver', {
      code: 'garbage',
      message: `the BMC driver stumbled: ${message}`,
      advice: 'Use the power button, and report this.',
    });
  } finally {
    await port.close();
  }
}

async function perform(
  parts: BmcEffectParts,
  port: BmcPort,
  effect: BmcEffect,
  emit: Emit,
  failed: (step: string, problem: BmcProblem) => void,
): Promise<void> {
  const { node } = effect;
  switch (effect.type) {
    case 'bmc.bootFromNetwork':
      return bootFromNetwork(parts, port, effect, emit, failed);
    case 'bmc.clearOverride': {
      const cleared = await port.clearOverride();
      return cleared.ok
        ? emit({ type: 'bmc.overrideCleared', node, job: effect.job })
        : failed('clearOverride', cleared.error);
    }
    case 'bmc.power': {
      const askedAt = parts.now();
      const power = await port.setPower(effect.action);
      return power.ok
        ? emit({ type: 'bmc.resetDone', node, action: effect.action, power: power.value, askedAt })
        : failed('power', power.error);
    }
    case 'bmc.locate': {
      const led = await port.setLocate(effect.on);
      return led.ok ? emit({ type: 'bmc.located', node, on: led.value !== 'off' }) : failed('locate', led.error);
    }
    case 'bmc.identify': {
      const power = await port.readPower();
      if (power.ok) emit({ type: 'bmc.powerRead', node, power: power.value });
      const identity = await port.readIdentity();
      return identity.ok
        ? emit({ type: 'bmc.identityRead', node, identity: identity.value })
        : failed('identify', identity.error);
    }
  }
}

/** Override set → read back → power. That the firmware really boots from the network is for the wire to say. */
async function bootFromNetwork(
  parts: BmcEffectParts,
  port: BmcPort,
  effect: BootFromNetwork,
  emit: Emit,
  failed: (step: string, problem: BmcProblem) => void,
): Promise<void> {
  const { node, job } = effect;
  if (effect.power === 'offThenOn') {
    const off = await port.setPower('forceOff');
    if (!off.ok) return failed('power', off.error);
  }
  const override = await port.overrideOnce(effect.target, effect.mode, effect.fullPayload);
  if (!override.ok) return failed('override', override.error);
  emit({ type: 'bmc.overrideSet', node, job, read: override.value });
  if (effect.power === 'none') return;
  const before = await port.readPower();
  if (!before.ok) return failed('power', before.error);
  emit({ type: 'bmc.powerRead', node, power: before.value });
  const action = startsFromOff(before.value) ? 'on' : 'cycle';
  const askedAt = parts.now();
  const after = await port.setPower(action);
  if (!after.ok) return failed('power', after.error);
  emit({ type: 'bmc.resetDone', node, job, action, power: after.value, askedAt });
}

const startsFromOff = (power: Power): boolean => power === 'off' || power === 'turningOff';

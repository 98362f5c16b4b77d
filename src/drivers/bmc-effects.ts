import type { BmcLogLine, BmcPort, BmcProblem, BmcTarget, OpenBmc, Power } from '../core/bmc.ts';
import { BMC_LOG_KEPT, bmcLineText } from '../core/bmc-log.ts';
import { cleanText } from '../core/clean-text.ts';
import type { Effect } from '../core/effect.ts';
import type { EventBody } from '../core/event.ts';
import type { BmcOrder } from '../core/may-power.ts';
import { fail, ok, type Result } from '../core/result.ts';

export interface BmcEffectParts {
  readonly openBmc: OpenBmc;
  /** Resolves the password just before use; a failure is told like one of the BMC. */
  readonly targetOf: (node: string) => Promise<Result<BmcTarget, BmcProblem>>;
  readonly now: () => number;
  /** Asked just before each write and each power: is this the BMC of our machine, and is the order still wanted? */
  readonly mayPower: (node: string, order: BmcOrder) => Result<void, BmcProblem>;
  /** Nobody read in this run whose BMC this is. */
  readonly isUnread: (node: string) => boolean;
  /** What is asked of this BMC goes before what is asked of others, until the returned function is called. */
  readonly hurry?: (node: string) => () => void;
  /** A line for the node's log. */
  readonly onLog?: (node: string, level: 'info' | 'warn' | 'error', text: string) => void;
  /** The path of the medium of this job, which alone is taken out at its end. */
  readonly mediumOf: (node: string, job: string) => string;
  /** Where the BMC of this machine fetches the medium of this job from; refused unless the gate lets it boot. */
  readonly mediaUrl?: (node: string, job: string) => Promise<Result<string>>;
}

export type BmcEffect = Extract<Effect, { readonly type: `bmc.${string}` }>;
type Emit = (event: EventBody) => void;
type BootFromNetwork = Extract<Effect, { readonly type: 'bmc.bootFromNetwork' }>;

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
      };
      queues.set(effect.node, queue);
      if (effect.type === 'bmc.readLog') {
        if (queue.reading !== undefined) return;
        queue.reading = 'waits';
      } else if (typeof queue.reading === 'object') void queue.reading.close();
      if (effect.type === 'bmc.clearOverride') {
        queue.ended.add(effect.job);
        if (queue.running?.job === effect.job) void queue.running.port.close();
      }
      // Also what runs on this BMC now: an order may wait for the end of a long reading.
      const calm = WAITED_FOR.has(effect.type) ? parts.hurry?.(effect.node) : undefined;
      const next = queue.last.then(() => obey(parts, effect, emit, queue));
      queue.last = next;
      void next.finally(() => {
        calm?.();
        if (queue.last === next) queues.delete(effect.node);
      });
    },
    settled: async () => {
      await Promise.allSettled([...queues.values()].map((queue) => queue.last));
    },
  };
}

async function obey(parts: BmcEffectParts, effect: BmcEffect, emit: Emit, queue: Queue): Promise<void> {
  const job = 'job' in effect ? { job: effect.job } : {};
  const over = () => effect.type === 'bmc.bootFromNetwork' && queue.ended.has(effect.job);
  const failed = (step: string, problem: BmcProblem) => {
    // That a cancelled order was broken off is no failure of the BMC.
    if (!over()) emit({ type: 'bmc.failed', node: effect.node, ...job, step, problem, ...orderOf(effect) });
  };
  if (over()) return;
  const target = await parts.targetOf(effect.node);
  if (!target.ok && effect.type === 'bmc.readLog') queue.reading = undefined;
  // Of a clearing that cannot even begin, who waits for it must hear as well.
  if (!target.ok) return failed(effect.type === 'bmc.clearOverride' ? 'clearOverride' : 'open', target.error);
  if (over()) return;
  const port = parts.openBmc(target.value);
  if (effect.type === 'bmc.bootFromNetwork') queue.running = { job: effect.job, port };
  if (effect.type === 'bmc.readLog') queue.reading = port;
  try {
    await perform({ ...parts, port, bmc: target.value.spec, emit, failed }, effect);
  } catch (error) {
    // A driver that throws is a bug; the machine must not wait for it in silence.
    const message = error instanceof Error ? error.message : String(error);
    failed('driver', {
      code: 'garbage',
      message: `the BMC driver stumbled: ${message}`,
      advice: 'Use the power button, and report this.',
    });
  } finally {
    queue.running = undefined;
    if (effect.type === 'bmc.readLog') queue.reading = undefined;
    await port.close();
  }
}

/** One order at its BMC. */
interface Doing extends BmcEffectParts {
  readonly port: BmcPort;
  readonly bmc: BmcTarget['spec'];
  readonly emit: Emit;
  readonly failed: (step: string, problem: BmcProblem) => void;
}

/** Who is behind this BMC is read before the first write; what it says is compared by whoever takes the event. */
async function known({ port, isUnread, emit }: Doing, node: string): Promise<Result<void, BmcProblem>> {
  if (!isUnread(node)) return ok(undefined);
  const identity = await port.readIdentity();
  if (!identity.ok) return identity;
  emit({ type: 'bmc.identityRead', node, identity: identity.value });
  return ok(undefined);
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
      const led = await port.setLocate(effect.on);
      return led.ok
        ? emit({ type: 'bmc.located', node, on: led.value !== 'off', ...orderOf(effect) })
        : failed('locate', led.error);
    }
    case 'bmc.readLog':
      return tellLog(doing, port, node, emit);
    case 'bmc.identify': {
      const power = await port.readPower();
      if (power.ok) emit({ type: 'bmc.powerRead', node, power: power.value });
      const identity = await port.readIdentity();
      return identity.ok
        ? emit({ type: 'bmc.identityRead', node, identity: identity.value, ...orderOf(effect) })
        : failed('identify', identity.error);
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
  const power = await port.setPower(action);
  if (power.ok) emit({ type: 'bmc.resetDone', node, action, power: power.value, askedAt, ...orderOf(effect) });
  else failed('power', power.error);
}

/** That it cannot be read is told, and is no failure of the job: the log was to explain one. */
async function tellLog(parts: BmcEffectParts, port: BmcPort, node: string, emit: Emit): Promise<void> {
  const log = await port.readLog(BMC_LOG_KEPT);
  const say = (level: 'info' | 'warn' | 'error', text: string) => parts.onLog?.(node, level, text);
  if (!log.ok) {
    if (log.error.code !== 'stopped') say('warn', `the log of its BMC cannot be read: ${log.error.message}`);
    return;
  }
  const lines = log.value.map(({ at, severity, text }): BmcLogLine => {
    const time = at === undefined ? Number.NaN : Date.parse(at);
    return {
      text: cleanText(text),
      ...(Number.isNaN(time) ? {} : { at: time }),
      ...(severity === undefined ? {} : { severity: cleanText(severity, 20) }),
    };
  });
  emit({ type: 'bmc.logRead', node, lines });
  // The oldest first, as in every log; the newest stands last.
  for (const line of lines.toReversed())
    say(LEVELS[line.severity?.toLowerCase() ?? ''] ?? 'info', `its log, ${bmcLineText(line, parts.now())}`);
}

const LEVELS: Readonly<Record<string, 'warn' | 'error'>> = { warning: 'warn', critical: 'error' };

/** Override set → read back → power. That the firmware really boots from the network is for the wire to say. */
async function bootFromNetwork(doing: Doing, effect: BootFromNetwork): Promise<void> {
  const { port, bmc, emit, failed } = doing;
  const { node, job } = effect;
  const identity = await known(doing, node);
  if (!identity.ok) return failed('identify', identity.error);
  const may = (wants: BmcOrder['wants']) => doing.mayPower(node, { wants, job, bmc });
  if (effect.power === 'offThenOn') {
    const asked = may('power');
    const off = asked.ok ? await port.setPower('forceOff') : asked;
    if (!off.ok) return failed('power', off.error);
  }
  if (effect.target === 'cd') {
    const asked = may('set');
    const inserted = asked.ok ? await insertMedium(doing, port, effect) : asked;
    if (!inserted.ok) return failed('insertMedia', inserted.error);
    emit({ type: 'bmc.mediaInserted', node, job });
  }
  const asked = may('set');
  const override = asked.ok ? await port.overrideOnce(effect.target, effect.mode, effect.fullPayload) : asked;
  if (!override.ok) return failed('override', override.error);
  emit({ type: 'bmc.overrideSet', node, job, read: override.value });
  if (effect.power === 'none') return;
  const before = await port.readPower();
  if (!before.ok) return failed('power', before.error);
  emit({ type: 'bmc.powerRead', node, power: before.value });
  const action = startsFromOff(before.value) ? 'on' : 'cycle';
  const goes = may('power');
  if (!goes.ok) return failed('power', goes.error);
  const askedAt = doing.now();
  const after = await port.setPower(action);
  if (!after.ok) return failed('power', after.error);
  emit({ type: 'bmc.resetDone', node, job, action, power: after.value, askedAt });
}

async function insertMedium(
  parts: BmcEffectParts,
  port: BmcPort,
  { node, job }: BootFromNetwork,
): Promise<Result<void, BmcProblem>> {
  const url = (await parts.mediaUrl?.(node, job)) ?? fail('this program serves no media');
  if (url.ok) return port.insertMedia(url.value);
  return fail({
    code: 'unsupported',
    message: `Nothing was inserted: ${url.error}.`,
    advice: 'Mend that and arm it again, or write boot: network in its file.',
  });
}

const orderOf = (effect: BmcEffect) => ('order' in effect && effect.order !== undefined ? { order: effect.order } : {});

const startsFromOff = (power: Power): boolean => power === 'off' || power === 'turningOff';

import { mayReset } from '../core/arm-node.ts';
import { otherControlPlanes } from '../core/bootstrap.ts';
import type { EventBody } from '../core/event.ts';
import { nodeOf } from '../core/fleet.ts';
import type { LogSink } from '../core/ports.ts';
import { fail, ok, type Result } from '../core/result.ts';
import type { SiteSpec } from '../core/spec.ts';
import type { ConfigSource } from '../drivers/talos-api/apply-config.ts';
import { runTalosEffect, type TalosEffect, type TalosEffectParts } from '../drivers/talos-api/run-talos-effect.ts';
import { applyProblem } from '../engine/act-drift.ts';
import type { Engine } from '../engine/create-engine.ts';
import type { DriftPort } from '../engine/engine-ports.ts';
import { type ResolveOptions, resolveDocument } from '../inventory/resolve-reference.ts';
import { claimsOf, whoAnswers } from '../netboot/who-answers.ts';

export interface TalosCallsParts {
  readonly engine: () => Engine;
  readonly site: () => SiteSpec;
  readonly references: ResolveOptions;
  readonly log: LogSink;
  readonly configOf: DriftPort['configOf'];
  /** For a machine in maintenance mode whose boot could fetch no configuration: asks the gate. */
  readonly configForJob: ConfigSource;
  readonly port?: number;
  readonly againMs?: number;
}

export interface TalosCalls {
  readonly run: (effect: TalosEffect, emit: (event: EventBody) => void) => void;
  /** Without a talosconfig only machines in maintenance mode can be asked. */
  readonly hasCredentials: () => boolean;
  /** Asks and answers; nothing is emitted. */
  readonly ask: (effect: TalosEffect) => Promise<Result<EventBody | undefined>>;
  /** What fails from here on is not told: who is asked may be going away with us. */
  readonly stop: () => void;
}

/** The API opens some seconds after Talos says that it is in maintenance mode. */
const TRIES: { readonly [T in TalosEffect['type']]?: number } = { 'talos.readHardware': 6, 'talos.apply': 6 };
const AGAIN_MS = 5000;
/** A reset erases the system disk and shuts down; the network boot is ordered when that is done. */
const RESET_MS = 45_000;

/** What is asked of a node's own API on port 50000. A machine may ask twice to be read; one reading runs at a time. */
export function createTalosCalls(parts: TalosCallsParts): TalosCalls {
  const busy = new Set<string>();
  let stopped = false;
  const say = (effect: TalosEffect, level: 'info' | 'warn', text: string) =>
    parts.log({ at: parts.engine().now(), node: effect.node, source: 'talos', level, text });
  const ask = (effect: TalosEffect) => runTalosEffect(effect, effectParts(parts));
  const run = async (effect: TalosEffect, emit: (event: EventBody) => void): Promise<void> => {
    for (let left = TRIES[effect.type] ?? 1; left > 0; left--) {
      const done = await ask(effect);
      if (done.ok) return tell(effect, done.value, emit);
      if (left > 1) await wait(parts.againMs ?? AGAIN_MS);
      else giveUp(effect, done.error, emit);
    }
  };
  /** A job waits for the end of its order, also where the machine was never reached. */
  const giveUp = (effect: TalosEffect, problem: string, emit: (event: EventBody) => void) => {
    if (stopped) return;
    say(effect, 'warn', `${effect.type}: ${problem}`);
    if (effect.type !== 'talos.apply') return;
    const { type: _type, address: _address, ...wish } = effect;
    emit({ type: 'talos.configApplied', ...wish, problem });
  };
  const tell = async (effect: TalosEffect, event: EventBody | undefined, emit: (event: EventBody) => void) => {
    if (event === undefined) return say(effect, 'info', `${effect.type} done`);
    const problem = 'problem' in event && typeof event.problem === 'string' ? event.problem : undefined;
    // What a machine answered in part, and then no more, is no look at it.
    if (stopped && (problem !== undefined || event.type === 'talos.checked')) return;
    if (problem !== undefined) say(effect, 'warn', `${effect.type}: ${problem}`);
    else if (event.type === 'talos.resetEnded') await wait(RESET_MS);
    emit(event);
    // What it runs with now is asked for, not assumed.
    if (event.type === 'talos.configApplied' && event.job === undefined && problem === undefined)
      await run({ type: 'talos.check', node: effect.node, address: effect.address }, emit);
  };
  return {
    run: (effect, emit) => {
      // An order of another job is another one.
      const key = 'job' in effect ? `${effect.type} ${effect.node} ${effect.job}` : `${effect.type} ${effect.node}`;
      if (busy.has(key)) return;
      busy.add(key);
      void run(effect, emit).finally(() => busy.delete(key));
    },
    hasCredentials: () => parts.site().talosconfig !== undefined,
    ask,
    stop: () => {
      stopped = true;
    },
  };
}

const wait = (ms: number): Promise<void> => new Promise((again) => setTimeout(again, ms).unref());

function effectParts(parts: TalosCallsParts): TalosEffectParts {
  const { talosconfig } = parts.site();
  const now = () => parts.engine().now();
  return {
    ...(parts.port === undefined ? {} : { port: parts.port }),
    fingerprintOf: (node) => nodeOf(parts.engine().fleet(), node)?.attempt?.certificate?.fingerprint,
    membersBeside: (node) =>
      otherControlPlanes(parts.engine().fleet(), node).flatMap(({ name, seen, spec }) => {
        const address = seen.address ?? spec.network.ip;
        return address === undefined ? [] : [{ name, address }];
      }),
    whoAnswers: (node, address, hardware) => whoAnswers(parts.engine().fleet(), node, address, claimsOf(hardware)),
    mayReset: (node, job) => mayReset(parts.engine().fleet(), node, job, now()),
    configFor: (wish, hardware) =>
      wish.job === undefined ? configForRunning(parts, wish) : parts.configForJob(wish, hardware),
    ...(talosconfig === undefined
      ? {}
      : {
          talosconfig: async () => {
            const bytes = await resolveDocument(talosconfig, parts.references);
            return bytes.ok ? ok(bytes.value.toString('utf8')) : bytes;
          },
        }),
  };
}

/** Asked again when it is about to be sent: what was confirmed, to a node that may still take it. */
async function configForRunning(parts: TalosCallsParts, wish: Parameters<ConfigSource>[0]): Promise<Result<string>> {
  const fleet = parts.engine().fleet();
  const node = nodeOf(fleet, wish.node);
  if (node === undefined) return fail(`there is no machine named ${wish.node}`);
  const problem = applyProblem(fleet, node);
  if (problem !== undefined) return fail(problem);
  const config = await parts.configOf(node);
  if (!config.ok) return config;
  return config.value.hash === wish.configHash
    ? ok(config.value.text)
    : fail('the configuration changed since it was confirmed; look at it again');
}

import type { EventBody } from '../core/event.ts';
import type { LogSink } from '../core/ports.ts';
import { ok } from '../core/result.ts';
import type { SiteSpec } from '../core/spec.ts';
import { runTalosEffect, type TalosEffect } from '../drivers/talos-api/run-talos-effect.ts';
import type { Engine } from '../engine/create-engine.ts';
import { type ResolveOptions, resolveDocument } from '../inventory/resolve-reference.ts';

export interface TalosCallsParts {
  readonly engine: () => Engine;
  readonly site: () => SiteSpec;
  readonly references: ResolveOptions;
  readonly log: LogSink;
}

/** The API opens some seconds after Talos says that it is in maintenance mode. */
const TRIES = 6;
const AGAIN_MS = 5000;

/** What is asked of a node's own API on port 50000. A machine may ask twice to be read; one reading runs at a time. */
export function createTalosCalls(parts: TalosCallsParts): {
  readonly run: (effect: TalosEffect, emit: (event: EventBody) => void) => void;
} {
  const busy = new Set<string>();
  const say = (effect: TalosEffect, level: 'info' | 'warn', text: string) =>
    parts.log({ at: parts.engine().now(), node: effect.node, source: 'talos', level, text });
  const run = async (effect: TalosEffect, emit: (event: EventBody) => void): Promise<void> => {
    const { talosconfig } = parts.site();
    const config =
      talosconfig === undefined
        ? {}
        : {
            talosconfig: async () => {
              const bytes = await resolveDocument(talosconfig, parts.references);
              return bytes.ok ? ok(bytes.value.toString('utf8')) : bytes;
            },
          };
    const tries = effect.type === 'talos.readHardware' ? TRIES : 1;
    for (let left = tries; left > 0; left--) {
      const done = await runTalosEffect(effect, config);
      if (done.ok) {
        if (done.value !== undefined) emit(done.value);
        else say(effect, 'info', `${effect.type} done`);
        return;
      }
      if (left === 1) say(effect, 'warn', `${effect.type}: ${done.error}`);
      else await new Promise((again) => setTimeout(again, AGAIN_MS).unref());
    }
  };
  return {
    run: (effect, emit) => {
      const key = `${effect.type} ${effect.node}`;
      if (busy.has(key)) return;
      busy.add(key);
      void run(effect, emit).finally(() => busy.delete(key));
    },
  };
}

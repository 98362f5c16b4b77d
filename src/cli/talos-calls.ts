import type { EventBody } from '../core/event.ts';
import type { LogSink } from '../core/ports.ts';
import type { SiteSpec } from '../core/spec.ts';
import type { Engine } from '../engine/create-engine.ts';
import type { ResolveOptions } from '../inventory/resolve-reference.ts';
import type { TalosEffect } from './world-effects.ts';

export interface TalosCallsParts {
  readonly engine: () => Engine;
  readonly site: () => SiteSpec;
  readonly references: ResolveOptions;
  readonly log: LogSink;
}

/** What is asked of a node's own API on port 50000. */
export function createTalosCalls(parts: TalosCallsParts): {
  readonly run: (effect: TalosEffect, emit: (event: EventBody) => void) => void;
} {
  return {
    run: (effect) => {
      parts.log({
        at: parts.engine().now(),
        node: effect.node,
        source: 'talos',
        level: 'warn',
        text: `${effect.type} is not connected yet`,
      });
    },
  };
}

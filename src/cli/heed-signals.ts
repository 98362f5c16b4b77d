import type { ScreenEnd } from '../ui/screen/screen-options.ts';

export interface HeededSignals {
  readonly left: Promise<ScreenEnd>;
  /** Somebody else hears them from now on. */
  readonly release: () => void;
}

const ENDS = { SIGHUP: 'hangup', SIGINT: 'quit', SIGTERM: 'quit' } as const satisfies Record<string, ScreenEnd>;

/** From here on a signal ends nothing by itself: machines may be answered before there is anybody to leave the screen. */
export function heedSignals(): HeededSignals {
  const left = Promise.withResolvers<ScreenEnd>();
  const heard = Object.entries(ENDS).map(([signal, end]) => [signal, () => left.resolve(end)] as const);
  for (const [signal, hear] of heard) process.on(signal, hear);
  return {
    left: left.promise,
    release: () => {
      for (const [signal, hear] of heard) process.off(signal, hear);
    },
  };
}

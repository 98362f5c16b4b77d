import { fail, type Result } from '../core/result.ts';
import type { ScreenBatch, ScreenPort } from './screen-port.ts';

export interface LateScreenPort {
  readonly port: ScreenPort;
  /** The engine is there: what has subscribed so far hears of it from now on. */
  readonly open: (real: ScreenPort) => void;
  /** It is gone. What subscribes, or has, hears of the next one. */
  readonly lose: (whyNot: string) => void;
}

/** A port for a screen that outlives its engines. While there is none every question has one answer. */
export function createLateScreenPort(whyNotYet: string): LateScreenPort {
  let real: ScreenPort | undefined;
  let whyNot = whyNotYet;
  /** Each with what takes it off the engine that there is. */
  const takers = new Map<(batch: ScreenBatch) => void, (() => void) | undefined>();
  const move = (to: ScreenPort | undefined) => {
    real = to;
    for (const [take, undo] of takers) {
      undo?.();
      takers.set(take, to?.subscribe(take));
    }
  };
  const ask = <T>(question: (port: ScreenPort) => Promise<Result<T>>): Promise<Result<T>> =>
    real === undefined ? Promise.resolve(fail(whyNot)) : question(real);
  return {
    port: {
      act: (action) => ask((port) => port.act(action)),
      preview: (nodes, kind) => ask((port) => port.preview(nodes, kind)),
      log: (source, fromLine) => ask((port) => port.log(source, fromLine)),
      audit: (newest) => ask((port) => port.audit(newest)),
      services: () => ask((port) => port.services()),
      nodeFile: (node) =>
        ask(async (port) => (await port.nodeFile?.(node)) ?? fail('the inventory is on another host')),
      consoleCommand: (node) =>
        ask(async (port) => (await port.consoleCommand?.(node)) ?? fail('no console can be opened from this session')),
      exportTo: (wish) =>
        ask(
          async (port) => (await port.exportTo?.(wish)) ?? fail('this session exports nothing: use crashcart export'),
        ),
      subscribe: (take) => {
        takers.set(take, real?.subscribe(take));
        return () => {
          takers.get(take)?.();
          takers.delete(take);
        };
      },
    },
    open: move,
    lose: (why) => {
      whyNot = why;
      move(undefined);
    },
  };
}

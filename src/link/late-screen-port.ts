import { fail, type Result } from '../core/result.ts';
import type { ScreenBatch, ScreenPort } from './screen-port.ts';

export interface LateScreenPort {
  readonly port: ScreenPort;
  /** The engine is there: what has subscribed so far hears of it from now on. */
  readonly open: (real: ScreenPort) => void;
}

/** A port for a screen that is drawn before its engine runs. Until then every question has one answer. */
export function createLateScreenPort(whyNot: string): LateScreenPort {
  let real: ScreenPort | undefined;
  const waiting = new Set<(batch: ScreenBatch) => void>();
  const undo = new Map<(batch: ScreenBatch) => void, () => void>();
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
        if (real !== undefined) return real.subscribe(take);
        waiting.add(take);
        return () => {
          waiting.delete(take);
          undo.get(take)?.();
        };
      },
    },
    open: (opened) => {
      real = opened;
      for (const take of waiting) undo.set(take, opened.subscribe(take));
      waiting.clear();
    },
  };
}

import type { Fleet } from '../../../src/core/fleet.ts';
import type { OperatorAction } from '../../../src/core/operator-action.ts';
import { fail, ok, type Result } from '../../../src/core/result.ts';
import type { ScreenBatch, ScreenPort } from '../../../src/link/screen-port.ts';
import { NOW, sampleAudit, sampleLog, samplePreview, sampleServices } from '../sample-fleet.ts';

export interface FakePort extends ScreenPort {
  readonly acted: OperatorAction[];
  send(fleet: Fleet, over?: Partial<ScreenBatch>): void;
  answerWith(result: Result<string>): void;
  goSilent(): void;
}

/** An engine for the screen alone: it remembers what was asked and sends what the test says. */
export function createFakePort(first: Fleet): FakePort {
  const takers = new Set<(batch: ScreenBatch) => void>();
  const acted: OperatorAction[] = [];
  let answer: Result<string> = ok('done');
  let silent = false;
  const batch = (fleet: Fleet, over: Partial<ScreenBatch> = {}): ScreenBatch => ({
    fleet,
    atMs: NOW,
    recent: [],
    urgent: false,
    bytesPerSecond: 0,
    ...over,
  });
  const when = <T>(value: T): Promise<Result<T>> =>
    silent ? new Promise(() => undefined) : Promise.resolve(ok(value));
  return {
    acted,
    send: (fleet, over) => {
      for (const take of takers) take(batch(fleet, over));
    },
    answerWith: (result) => {
      answer = result;
    },
    goSilent: () => {
      silent = true;
    },
    act: (action) => {
      acted.push(action);
      return Promise.resolve(answer);
    },
    preview: (nodes) => when(nodes.map((name) => samplePreview(name))),
    log: (_source, from) => when({ fromLine: from, nextLine: sampleLog().length, lines: sampleLog().slice(from) }),
    audit: () => when(sampleAudit),
    services: () => when(sampleServices),
    saveText: () => Promise.resolve(fail('the disk is full')),
    subscribe: (take) => {
      takers.add(take);
      take(batch(first));
      return () => takers.delete(take);
    },
  };
}

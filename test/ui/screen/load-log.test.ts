import { expect, test } from 'vitest';
import { ok } from '../../../src/core/result.ts';
import { type LogSource, loadLog } from '../../../src/ui/screen/load-effects.ts';
import type { ScreenModel } from '../../../src/ui/state/screen-model.ts';
import { sampleLog } from '../sample-fleet.ts';

/** An engine that gives so many lines at a time of `total`, and counts how often it is asked. */
function engineOf(total: number, atOnce: number) {
  let model = { logs: new Map() } as unknown as ScreenModel;
  const asked: number[] = [];
  const [line] = sampleLog();
  if (line === undefined) throw new Error('the sample has no line');
  const tools: LogSource = {
    read: () => model,
    update: (change) => {
      model = change(model);
    },
    port: {
      log: async (_source, from) => {
        asked.push(from);
        const nextLine = Math.min(total, from + atOnce);
        return ok({ fromLine: from, nextLine, lines: Array.from({ length: nextLine - from }, () => line) });
      },
    },
  };
  return { tools, asked, next: () => model.logs.get('n1')?.nextLine };
}

test('a log that is opened has its newest line at once, however many came before', async () => {
  const { tools, asked, next } = engineOf(2000, 500);
  await loadLog(tools, 'n1');
  expect(next()).toBe(2000);
  expect(asked).toEqual([0, 500, 1000, 1500, 2000]);
});

test('what a second brings is one question', async () => {
  const { tools, asked, next } = engineOf(30, 500);
  await loadLog(tools, 'n1');
  expect([next(), asked]).toEqual([30, [0]]);
});

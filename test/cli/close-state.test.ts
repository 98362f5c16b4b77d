import { expect, test } from 'vitest';
import { closeState } from '../../src/cli/close-state.ts';
import { fail, ok, type Result } from '../../src/core/result.ts';
import type { StoreState } from '../../src/store/store-state.ts';

/** Whoever ends the program is told by name what he loses, also where the disk never answers. */

const counts = { droppedRates: 0, lostRecords: 0 };
const failing: StoreState = {
  kind: 'failing',
  reason: 'full',
  sinceMs: 0,
  waitingRecords: 3,
  waitingBytes: 9,
  ...counts,
};
const hangs = new Promise<never>(() => undefined);

function close(
  state: StoreState,
  closing: Promise<Result<void>>,
  lost: number,
  { saves = [], lacked }: { readonly saves?: Result<unknown>[]; readonly lacked?: string } = {},
) {
  const waited: string[] = [];
  const locked: string[] = [];
  const journal = { lastSeq: () => 9, durableSeq: () => 9 - lost, state: () => state, close: () => closing };
  const done = closeState(
    {
      dir: '/srv/state',
      journal,
      audit: { close: async () => undefined },
      reserve: { close: async () => undefined },
      lock: { release: () => locked.push('released'), leave: () => locked.push('left') },
      flush: async () => undefined,
      noted: () => (lost > 2 ? [{ what: 'cancel', of: 'n02' }] : []),
      saveSnapshot: async () => saves.shift() ?? ok(undefined),
      lacked: async () => lacked,
      unkept: () => (lost > 1 ? [{ what: 'PANIC' }, { what: 'hold', of: 'n01' }] : []),
      waits: (text) => waited.push(text),
    },
    1_300,
  );
  return done.then((loss) => ({ loss, waited, locked }));
}

test('what is saved needs no word', async () => {
  expect(await close({ kind: 'saving', ...counts }, Promise.resolve(ok(undefined)), 0)).toEqual({
    loss: undefined,
    waited: [],
    locked: ['released'],
  });
});

test('orders that a full disk did not take are named', async () => {
  const { loss, waited, locked } = await close(failing, Promise.resolve(fail('3 records')), 3);
  expect(locked).toEqual(['released']);
  expect(waited).toEqual([]);
  expect(loss).toEqual({
    isStuck: false,
    lines: [
      'NOT SAVED, and lost by this end: PANIC; hold n01; the next start does not know of them',
      '3 records of what happened are not on disk: full',
      'noted beside the journal, and known to the next start: cancel n02',
    ],
  });
});

test('where no order is lost, what happened is counted', async () => {
  const { loss } = await close(failing, Promise.resolve(fail('1 record')), 1);
  expect(loss?.lines).toEqual(['1 record of what happened is not on disk: full']);
});

test('a disk that hangs gets some seconds, and it is said what for', async () => {
  const { loss, waited, locked } = await close({ kind: 'saving', ...counts }, hangs, 2);
  // Its lock lies on that disk.
  expect(locked).toEqual(['left']);
  expect(waited).toEqual([
    expect.stringMatching(/^stopping: waiting for the disk of \/srv\/state, which has not finished a write/),
  ]);
  expect(loss?.isStuck).toBe(true);
  expect(loss?.lines[0]).toContain('PANIC; hold n01');
  expect(loss?.lines[1]).toBe(
    '2 records of what happened are not on disk: the disk of /srv/state has not finished a write',
  );
});

test('a snapshot that waited for a journal that is written anew is saved behind it', async () => {
  const saves = [fail('the journal behind it is not on disk')];
  const lacked = 'it is gone';
  const { loss } = await close({ kind: 'saving', ...counts }, Promise.resolve(ok(undefined)), 0, { saves, lacked });
  expect(loss).toBeUndefined();
});

test.each([
  ['a journal that holds all without it loses nothing', undefined],
  ['a journal that rests on it is told', 'the next start says that it is lost'],
])('no snapshot can be saved: %s', async (_name, lacked) => {
  const saves = [fail('full'), fail('full')];
  const saving: StoreState = { kind: 'saving', ...counts };
  const { loss } = await close(saving, Promise.resolve(ok(undefined)), 0, {
    saves,
    ...(lacked === undefined ? {} : { lacked }),
  });
  const line = 'NOT SAVED, and lost by this end: what was before the journal that is left in /srv/state';
  expect(loss?.lines).toEqual(
    lacked === undefined ? undefined : [`${line}, as no snapshot of it could be saved (full); ${lacked}`],
  );
});

import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Event } from '../../src/core/event.ts';
import type { Fleet } from '../../src/core/fleet.ts';
import { FLEET_FORMAT, renderFleet } from '../../src/core/fleet-json.ts';
import { reduce } from '../../src/core/reduce.ts';
import { openJournal } from '../../src/store/open-journal.ts';
import { openSnapshot } from '../../src/store/open-snapshot.ts';
import { checkJournal, type SeenWrite } from '../bench/soak/check-journal.ts';
import { armed, at, fleetOf, specOf, stored, type Timed } from '../core/kit.ts';

/** What a program leaves: the journal of one installation that was cancelled after two minutes, and its last state. */
const START = fleetOf(specOf('node-01'), specOf('node-02'));
const STEPS: readonly Timed[] = [
  [10, armed('install')],
  [10, stored()],
  [20, { type: 'bmc.powerRead', node: 'node-01', power: 'on' }],
  [30, { type: 'lease.granted', mac: '52:54:00:00:00:01', address: '10.77.0.1', until: at(900), node: 'node-01' }],
  [130, { type: 'operator.cancelled', node: 'node-01', by: { user: 'ada', from: 'tty1' } }],
];
const EVENTS = STEPS.map(([seconds, body]) => ({ ...body, time: at(seconds) }) as Event);
const END = EVENTS.reduce<Fleet>((fleet, event) => reduce(fleet, event)[0], START);

let folder = '';
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'soak-journal-'));
  const journal = await openJournal<Event>(folder);
  if (!journal.ok) throw new Error(journal.error);
  for (const event of EVENTS) journal.value.append(event);
  await journal.value.close();
  await save(END);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const save = (fleet: Fleet, seq = EVENTS.length) =>
  openSnapshot(folder, { version: FLEET_FORMAT }).save(seq, renderFleet(fleet));
const check = (writes: readonly SeenWrite[] = [], machines = 2) =>
  checkJournal(folder, { kept: folder, filled: { seq: 0, fleet: START }, machines }, writes);

function editJournal(edit: (text: string) => string): void {
  const [name = ''] = readdirSync(folder).filter((one) => one.startsWith('journal-'));
  const before = readFileSync(join(folder, name), 'utf8');
  const after = edit(before);
  expect(after).not.toBe(before);
  writeFileSync(join(folder, name), after);
}

test('a journal that gives the state of the end passes', async () => {
  const { live, replayed, ...rest } = await check();
  expect(replayed).toBe(live);
  expect(live).toMatch(/^[0-9a-f]{64}$/);
  expect(rest).toEqual({ events: EVENTS.length, problems: [], unarmed: [] });
});

test('a program whose last state its journal does not give is found, however small the difference', async () => {
  await save({ ...END, at: END.at + 1 });
  const { live, replayed, problems } = await check();
  expect(problems).toEqual([]);
  expect(replayed).not.toBe(live);
});

test.each<readonly [string, () => unknown, RegExp]>([
  [
    'a record that is not in it',
    () => editJournal((text) => text.replace(/^.*"bmc\.powerRead".*\n/m, '')),
    /journal-\d+\.log/,
  ],
  [
    'a record that was changed',
    () => editJournal((text) => text.replace('"power":"on"', '"power":"no"')),
    /torn in the journal/,
  ],
  [
    'its end missing',
    () => editJournal((text) => text.replace(/^.*"operator\.cancelled".*\n/m, '')),
    /ends before record/,
  ],
  ['no journal', () => rmSync(join(folder, journalName())), /ends before record/],
  ['no state of the end', () => rmSync(folder, { recursive: true }), /left no snapshot/],
])('%s is told', async (_name, spoil, found) => {
  await spoil();
  const { problems } = await check();
  expect(problems).toContainEqual(expect.stringMatching(found));
});

const journalName = (): string => readdirSync(folder).find((one) => one.startsWith('journal-')) ?? '';

test('what the state holds without a bound is told with the journal', async () => {
  expect((await check([], -10)).problems).toContainEqual(expect.stringMatching(/2 of nodes, where -3 are bound/));
});

test.each<readonly [string, machine: string, seconds: number, unarmed: number]>([
  ['before its job', 'node-01', 9, 1],
  ['in its job', 'node-01', 60, 0],
  ['as its job ends', 'node-01', 131, 0],
  ['after its job', 'node-01', 140, 1],
  ['on its neighbour', 'node-02', 60, 1],
])('a write to a disk %s', async (_name, machine, seconds, unarmed) => {
  const write = { atMs: at(seconds), machine, disk: 'nvme0n1', content: 'talos' };
  expect((await check([write])).unarmed).toEqual(unarmed === 0 ? [] : [write]);
});

import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { exportCommand } from '../../src/cli/commands/export.ts';
import { replayCommand } from '../../src/cli/commands/replay.ts';
import { openState } from '../../src/cli/open-state.ts';
import { createReplayPort } from '../../src/cli/replay-port.ts';
import { loadRecording, type Recording } from '../../src/cli/replay-source.ts';
import { parseReplayTime } from '../../src/cli/replay-time.ts';
import { createTimeline } from '../../src/cli/replay-timeline.ts';
import { runCli } from '../../src/cli/run-cli.ts';
import type { Event } from '../../src/core/event.ts';
import { nodeOf } from '../../src/core/fleet.ts';
import { fleetText } from '../../src/core/fleet-json.ts';
import type { ScreenBatch } from '../../src/link/screen-port.ts';
import { encodeLine, renderHeader } from '../../src/store/journal-line.ts';
import { openOrderReserve, RESERVE_NAME } from '../../src/store/order-reserve.ts';
import { ACTOR } from '../core/kit.ts';
import { arm, boot, createRecordedSite, load, NODES, type RecordedSite } from './recorded-site.ts';

const [one, two, three] = NODES;
if (one === undefined || two === undefined || three === undefined) throw new Error('three machines are needed');

let site: RecordedSite;
let live: string;

async function recordingOf(dir: string, range = {}): Promise<Recording> {
  const recording = await loadRecording(dir, range);
  if (!recording.ok) throw new Error(recording.error);
  return recording.value;
}

/** Three runs: an install that succeeds, one that the program's end interrupts, and one that never gets further. */
beforeAll(async () => {
  site = createRecordedSite();
  const first = await site.run();
  first.engine.emit(load(one, two, three));
  arm(first, one);
  boot(first, one);
  await first.saveSnapshot();
  arm(first, two);
  boot(first, two, 'initrd');
  await first.end();
  const second = await site.run();
  second.engine.emit(load(one, two, three));
  second.wait(200);
  second.engine.emit({ type: 'clock.ticked' });
  await second.end();
  const third = await site.run();
  arm(third, three);
  boot(third, three, 'firmware');
  live = fleetText(await third.end());
});
afterAll(() => site.remove());

describe('a replay', () => {
  test('ends in the state of the live engine, byte for byte', async () => {
    const port = createReplayPort(await recordingOf(site.dir));
    port.seek(Number.POSITIVE_INFINITY);
    expect(fleetText(port.fleet())).toBe(live);
    expect(port.notes()).toEqual([]);
    port.stop();
  });

  test('ends in the same state when it was played, stepped and sought back and forth before', async () => {
    const clock = { ms: 0 };
    const port = createReplayPort(await recordingOf(site.dir), { everyMs: 2, nowMs: () => clock.ms, speed: 50 });
    const { fromMs, toMs } = port.position();
    for (const share of [0.9, 0.1, 0.5, 0, 1, 0.3]) port.seek(fromMs + share * (toMs - fromMs));
    port.step(-5);
    port.step(3);
    const ended = new Promise<void>((resolve) => port.onEnd(resolve));
    const mover = setInterval(() => {
      clock.ms += 1000;
    }, 1);
    port.play();
    await ended;
    clearInterval(mover);
    expect(fleetText(port.fleet())).toBe(live);
    expect(port.position()).toMatchObject({ playing: false, ended: true, atMs: toMs });
    port.stop();
  });

  test('shows at each point what was true then', async () => {
    const timeline = createTimeline(await recordingOf(site.dir));
    const phases: string[] = [];
    for (let index = 1; index <= timeline.count; index += 1) {
      const phase = nodeOf(timeline.fleetAfter(index), one.name)?.phase.is;
      if (phase !== undefined && phases.at(-1) !== phase) phases.push(phase);
    }
    expect(phases).toEqual([
      'idle',
      'armed',
      'powering',
      'firmware',
      'requesting',
      'loader',
      'ipxe',
      'script',
      'kernel',
      'initrd',
      'handoff',
      'up',
      'config',
      'installing',
      'installed',
      'rebooting',
      'diskBoot',
      'ready',
    ]);
    const backwards = timeline.fleetAfter(20);
    expect(fleetText(createTimeline(await recordingOf(site.dir)).fleetAfter(20))).toBe(fleetText(backwards));
  });

  test('changes nothing in the folder and takes no lock', async () => {
    const before = readdirSync(site.dir).map((name) => [name, statSync(join(site.dir, name)).mtimeMs]);
    createReplayPort(await recordingOf(site.dir)).stop();
    expect(readdirSync(site.dir).map((name) => [name, statSync(join(site.dir, name)).mtimeMs])).toEqual(before);
  });

  test('can be watched while the engine still writes', async () => {
    const other = createRecordedSite();
    const run = await other.run();
    run.engine.emit(load(one));
    arm(run, one);
    await run.engine.emitDurably([{ type: 'clock.ticked' }]);
    const port = createReplayPort(await recordingOf(other.dir));
    port.seek(Number.POSITIVE_INFINITY);
    expect(fleetText(port.fleet())).toBe(fleetText(run.engine.fleet()));
    port.stop();
    await run.end();
    other.remove();
  });

  test('refuses orders', async () => {
    const port = createReplayPort(await recordingOf(site.dir));
    expect(await port.act({ type: 'panic', on: true })).toEqual({
      ok: false,
      error: 'this is a replay: nothing can be changed here',
    });
    expect(await port.preview([one.name], 'install')).toMatchObject({ ok: false });
    port.stop();
  });

  test('has the causes in its logs, where they began and where they ended, back and forth', async () => {
    const dir = createRecordedSite();
    const run = await dir.run();
    run.engine.emit(load(one, two));
    arm(run, one);
    boot(run, one, 'firmware');
    for (const seconds of [40, 40, 40]) {
      run.wait(seconds);
      run.engine.emit({ type: 'clock.ticked' });
    }
    boot(run, one, 'firmware');
    await run.end();
    const port = createReplayPort(await recordingOf(dir.dir));
    const told = async (source: string) => {
      const log = await port.log(source, 0);
      return log.ok ? log.value.lines.filter((line) => line.source === 'engine').map((line) => line.text) : [];
    };
    const causes = (lines: readonly string[]) => lines.filter((line) => /^[A-Z]{4,}|^no longer/.test(line));
    expect(causes(await told(one.name))).toEqual([]);
    port.seek(Number.POSITIVE_INFINITY);
    const all = [
      expect.stringMatching(/^STALLED STOPPED_ASKING: It asked .* silent for 80 s$/),
      'no longer STOPPED_ASKING, after 82 s; it is in firmware',
    ];
    expect(causes(await told(one.name))).toEqual(all);
    expect(causes(await told('*'))).toEqual(all);
    port.step(-1);
    expect(causes(await told(one.name))).toEqual(all.slice(0, 1));
    port.step(-1_000);
    expect(causes(await told('*'))).toEqual([]);
    port.seek(Number.POSITIVE_INFINITY);
    expect(causes(await told('*'))).toEqual(all);
    port.stop();
    dir.remove();
  });

  test('has logs and audit of what was shown so far, and no more', async () => {
    const port = createReplayPort(await recordingOf(site.dir));
    port.step(8);
    const early = await port.log(one.name, 0);
    port.seek(Number.POSITIVE_INFINITY);
    const late = await port.log(one.name, 0);
    expect(early.ok && late.ok && late.value.lines.length > early.value.lines.length).toBe(true);
    expect(late.ok && late.value.lines.map((line) => line.text)).toContain('installed: install successful');
    port.step(-1_000);
    expect(await port.log(one.name, 0)).toMatchObject({ value: { lines: [] } });
    port.seek(Number.POSITIVE_INFINITY);
    const audit = await port.audit(10);
    expect(audit.ok && audit.value.map((line) => [line.who, line.what.slice(0, 13), line.nodes])).toEqual([
      ['ada', 'armed install', [three.name]],
      ['ada', 'armed install', [two.name]],
      ['ada', 'armed install', [one.name]],
    ]);
    port.stop();
  });

  test('tells its screens of a step back, and does not wait through the night', async () => {
    const clock = { ms: 0 };
    const recording = await recordingOf(site.dir);
    const port = createReplayPort(recording, { everyMs: 1, idleSeconds: 1, nowMs: () => clock.ms });
    const batches: ScreenBatch[] = [];
    let rewinds = 0;
    port.subscribe((batch) => batches.push(batch));
    port.onRewind(() => {
      rewinds += 1;
    });
    port.play();
    // Before the firmware asks, 40 s pass on the site; the spectator sees one of them.
    const powered = recording.events.findIndex(({ event }) => event.type === 'bmc.resetDone');
    port.seek(recording.events[powered]?.event.time ?? 0);
    clock.ms += 1_100;
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(nodeOf(port.fleet(), one.name)?.phase.is).toBe('firmware');
    port.seek(0);
    expect(rewinds).toBe(1);
    expect(batches.at(-1)?.atMs).toBe(port.position().fromMs);
    port.stop();
  });
});

describe('a recording', () => {
  test('names its runs', async () => {
    const { runs, whole } = await recordingOf(site.dir);
    expect(runs.map((run) => [run.number, run.what])).toEqual([
      [1, 'crashcart'],
      [2, 'crashcart'],
      [3, 'crashcart'],
    ]);
    expect(whole).toBe(true);
  });

  test('can be one segment alone', async () => {
    const name = readdirSync(site.dir).find((file) => file.startsWith('journal-')) ?? '';
    const folder = mkdtempSync(join(tmpdir(), 'crashcart-segment-'));
    copyFileSync(join(site.dir, name), join(folder, name));
    const port = createReplayPort(await recordingOf(join(folder, name)));
    port.seek(Number.POSITIVE_INFINITY);
    expect(fleetText(port.fleet())).toBe(live);
    port.stop();
    rmSync(folder, { recursive: true });
  });

  test('without its oldest segment takes the machines from the snapshot and ends in the true state', async () => {
    const other = createRecordedSite();
    const run = await other.run();
    run.engine.emit(load(one, two));
    arm(run, one);
    boot(run, one, 'initrd');
    await run.saveSnapshot();
    boot(run, two, 'firmware');
    const truth = fleetText(await run.end());
    const name = readdirSync(other.dir).find((file) => file.startsWith('journal-')) ?? '';
    dropOldest(join(other.dir, name), other.dir, 6);
    const recording = await recordingOf(other.dir);
    expect(recording.whole).toBe(false);
    expect(recording.notes.join()).toContain('the journal starts at record 7');
    const port = createReplayPort(recording);
    expect(nodeOf(port.fleet(), one.name)).toBeDefined();
    port.seek(Number.POSITIVE_INFINITY);
    expect(fleetText(port.fleet())).toBe(truth);
    port.stop();
    other.remove();
  });

  test('that was cut short by a crash or damaged shows what stands before it, and says so', async () => {
    const name = readdirSync(site.dir).find((file) => file.startsWith('journal-')) ?? '';
    const folder = mkdtempSync(join(tmpdir(), 'crashcart-torn-'));
    const bytes = readFileSync(join(site.dir, name));
    for (const cut of [bytes.length - 3, bytes.length >> 1, 200]) {
      writeFileSync(join(folder, name), bytes.subarray(0, cut));
      const recording = await recordingOf(folder);
      expect(recording.notes.join()).toMatch(/unfinished write/);
      const port = createReplayPort(recording);
      port.seek(Number.POSITIVE_INFINITY);
      port.stop();
    }
    bytes[bytes.length >> 1] = 0xff;
    writeFileSync(join(folder, name), bytes);
    const damaged = await recordingOf(folder);
    expect(damaged.notes.join()).toMatch(/checksum does not hold|unfinished write/);
    expect(damaged.events.length).toBeGreaterThan(10);
    rmSync(folder, { recursive: true });
  });

  test('has the orders that lie beside the journal at its end, as the next start takes them over', async () => {
    const other = createRecordedSite();
    const run = await other.run();
    run.engine.emit(load(one, two));
    arm(run, one);
    run.engine.emit({ type: 'site.discoverySwitched', by: ACTOR });
    const time = run.engine.now();
    await run.end();
    const noted = [
      // This one the journal has.
      { seq: 1, record: { type: 'site.discoverySwitched', by: ACTOR, time } as const },
      // A number that the journal has passed says nothing.
      { seq: 2, record: { type: 'site.panicSwitched', on: true, by: ACTOR, time: time + 1 } as const },
      { seq: 92, record: { type: 'operator.cancelled', node: one.name, by: ACTOR, time: time + 2 } as const },
    ];
    const reserve = await openOrderReserve<Event>(other.dir);
    if (!reserve.ok) throw new Error(reserve.error);
    expect(await reserve.value.keep(noted)).toEqual({ ok: true, value: 3 });
    await reserve.value.close();
    const files = () => readdirSync(other.dir).map((file) => [file, readFileSync(join(other.dir, file), 'latin1')]);
    const before = files();

    const NOTE = `noted beside the journal, which did not take them, and known to the next start: PANIC; cancel ${one.name}`;
    const recording = await recordingOf(other.dir);
    expect(recording.notes).toEqual([NOTE]);
    const numbers = recording.events.map(({ seq }) => seq);
    expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
    const port = createReplayPort(recording);
    port.seek(Number.POSITIVE_INFINITY);
    expect(port.fleet().switches.panic).toBeDefined();
    expect(nodeOf(port.fleet(), one.name)?.job).toBeUndefined();
    port.stop();
    expect((await recordingOf(other.dir, { toMs: time + 1 })).notes.join()).toMatch(/next start: PANIC$/);
    expect((await recordingOf(other.dir, { toMs: time })).notes).toEqual([]);

    const shown = await cli('replay', other.dir, '--plain', '--speed', '0');
    expect(shown.err).toContain(NOTE);
    expect(shown.out).toMatch(/ada: panic on\n.*r07-u01: ada: cancelled\n/);
    const out = mkdtempSync(join(tmpdir(), 'crashcart-beside-'));
    await cli('export', '--state', other.dir, '--out', out, '--force');
    expect(readFileSync(join(out, 'report.md'), 'utf8')).toContain(`- ${NOTE}`);
    expect(readFileSync(join(out, 'timeline.jsonl'), 'utf8')).toContain('"operator.cancelled"');
    rmSync(out, { recursive: true });
    expect(files()).toEqual(before);

    const next = await openState(other.dir, 'crashcart', [one, two]);
    if (!next.ok) throw new Error(next.error);
    expect(next.value.state.leftOrders.ahead.map(({ record }) => record)).toEqual(
      recording.events.slice(-2).map(({ event }) => event),
    );
    next.value.state.lock.release();
    other.remove();
  });

  test('says where what may lie beside the journal cannot be read', async () => {
    const other = createRecordedSite();
    const run = await other.run();
    run.engine.emit(load(one));
    await run.end();
    rmSync(join(other.dir, RESERVE_NAME));
    expect((await recordingOf(other.dir)).notes).toEqual([]);
    expect(readdirSync(other.dir)).not.toContain(RESERVE_NAME);
    mkdirSync(join(other.dir, RESERVE_NAME));
    expect((await recordingOf(other.dir)).notes).toEqual([
      expect.stringMatching(/^orders that may be noted beside the journal are not shown: /),
    ]);
    other.remove();
  });

  test.each([
    ['a path that is not there', join(tmpdir(), 'crashcart-is-not-here'), 'is not there'],
    ['a file that is no journal', new URL(import.meta.url).pathname, 'is no journal'],
    ['a folder without a journal', tmpdir(), 'holds no journal'],
  ])('is refused in words for %s', async (_name, path, words) => {
    expect(await loadRecording(path)).toMatchObject({ ok: false, error: expect.stringContaining(words) });
  });
});

async function cli(...argv: readonly string[]): Promise<{ readonly out: string; readonly err: string }> {
  const said = { out: '', err: '' };
  const code = await runCli(
    {
      commands: [replayCommand, exportCommand],
      version: '1',
      out: (text) => {
        said.out += text;
      },
      err: (text) => {
        said.err += text;
      },
      env: {},
    },
    argv,
  );
  expect(code, said.err).toBe(0);
  return said;
}

/** As pruning does it: the file that is left starts later, with a head of its own. */
function dropOldest(path: string, dir: string, upTo: number): void {
  const lines = readFileSync(path, 'utf8').split('\n');
  const head = encodeLine(`${upTo + 1} ${renderHeader(upTo + 1, {}).replace(/^\d+ /, '')}`, true);
  const rest = lines.slice(1).filter((line) => Number(line.slice(9).split(' ')[0]) > upTo);
  rmSync(path);
  writeFileSync(join(dir, `journal-${String(upTo + 1).padStart(12, '0')}.log`), `${head + rest.join('\n')}\n`);
}

describe('a time for --from and --to', () => {
  const first = new Date(2026, 10, 21, 14, 0, 0).getTime();
  test.each([
    ['seconds from the first event', '+90', 90_000],
    ['minutes from the first event', '+1.5m', 90_000],
    ['a time of its day', '14:02:31', 151_000],
    ['a time without seconds', '14:02', 120_000],
  ])('may be %s', (_name, text, after) => {
    expect(parseReplayTime(text, first)).toEqual({ ok: true, value: first + after });
  });
  test.each(['', 'yesterday', '25:00', '14:61', '12', '+x'])('"%s" is refused', (text) => {
    expect(parseReplayTime(text, first).ok).toBe(false);
  });
  test('may be a whole date', () => {
    expect(parseReplayTime('2026-11-21T14:02:31Z', first)).toEqual({
      ok: true,
      value: Date.UTC(2026, 10, 21, 14, 2, 31),
    });
  });
});

import { afterEach, describe, expect, test, vi } from 'vitest';
import { fail, ok } from '../../../src/core/result.ts';
import { type RunningScreen, runScreen } from '../../../src/ui/screen/run-screen.ts';
import { drawScreen, PROFILES } from '../draw-screen.tsx';
import { createInkTerminal, type InkTerminal } from '../ink-terminal.ts';
import { NOW, sampleFleet } from '../sample-fleet.ts';
import { lintConsole } from '../vt-lint.ts';
import { createFakePort, type FakePort } from './fake-port.ts';

/** Clocks and ages go on between two frames. */
const withoutTimes = (lines: readonly string[]): readonly string[] =>
  lines.map((line) => line.replace(/\d+:\d\d(:\d\d)?|\d+ (s|min)/g, '#'));

/** Without a wave, which the screen would open on. */
const ON_THE_RACK = { ...sampleFleet('failure'), waves: {} };

interface Stage {
  readonly terminal: InkTerminal;
  readonly port: FakePort;
  readonly screen: RunningScreen;
}

let stage: Stage | undefined;
afterEach(async () => {
  stage?.screen.stop();
  await stage?.screen.ended;
  stage = undefined;
});

async function open(profile: keyof typeof PROFILES = 'unicode', columns = 80, rows = 25): Promise<Stage> {
  const terminal = createInkTerminal(columns, rows);
  const port = createFakePort(ON_THE_RACK);
  const started = Date.now();
  const screen = runScreen({
    port,
    profile: PROFILES[profile],
    session: { who: 'maria@jump2', zoneMinutes: 0 },
    stdin: terminal.stdin as never,
    stdout: terminal.stdout as never,
    env: {},
    batchMs: 20,
    now: () => NOW + Date.now() - started,
  });
  stage = { terminal, port, screen };
  await terminal.waitFor(/r07-u33|r06-u40/);
  return stage;
}

describe('the screen on a terminal', () => {
  test('shows what the engine sends, and does what is asked', async () => {
    const { terminal, port } = await open();
    await terminal.type(']');
    await terminal.waitFor(/rack 2\/3 r07/);
    await terminal.type('n');
    await terminal.type('r');
    await terminal.waitFor(/=done/);
    expect(port.acted).toEqual([{ type: 'retry', nodes: ['r07-u33'] }]);
  });

  test('says why the engine refused', async () => {
    const { terminal, port } = await open();
    port.answerWith(fail('r07-u33 is locked by CHG-20417'));
    await terminal.type('n');
    await terminal.type('r');
    await terminal.waitFor(/!r07-u33 is locked by CHG-20417/);
  });

  test('a whole reinstall by keys', async () => {
    const { terminal, port } = await open();
    port.answerWith(ok('1 node armed'));
    await terminal.type('R');
    await terminal.waitFor(/Type the node name to go on/);
    await terminal.waitFor(/ERASED nvme0n1 3.84 TB/);
    for (const key of 'r06-u40') await terminal.type(key);
    await terminal.waitFor(/enter: GO ON/);
    await terminal.type('\r');
    await terminal.waitFor(/=1 node armed/);
    expect(port.acted).toMatchObject([{ type: 'arm', kind: 'reinstall', confirmed: 'r06-u40' }]);
  });

  test('draws a batch after its time, and a failure at once', async () => {
    const { terminal, port } = await open();
    port.send({ ...sampleFleet('failure'), site: 'dc2' });
    port.send({ ...sampleFleet('failure'), site: 'dc3' });
    await terminal.type('2');
    await terminal.waitFor(/dc3/);
    port.send({ ...sampleFleet('normal'), site: 'dc4' }, { urgent: true });
    await terminal.waitFor(/dc4/);
  });

  test('shows the log of the node that is open', async () => {
    const { terminal } = await open();
    await terminal.type('n');
    await terminal.type('\r');
    await terminal.waitFor(/no disk matches \{type:nvme,min:900GB\}/);
  });

  test('after a resize shows what a fresh start at that size shows', async () => {
    const { terminal, screen } = await open();
    for (const [columns, rows] of [
      [60, 20],
      [140, 40],
      [100, 49],
      [44, 12],
      [30, 8],
      [80, 25],
    ] as const) {
      await terminal.resize(columns, rows);
      await new Promise((resolve) => setTimeout(resolve, 60));
      await terminal.settle();
      const fresh = await drawScreen(screen.store.getState(), PROFILES.unicode);
      expect([columns, rows, withoutTimes(terminal.lines())]).toEqual([columns, rows, withoutTimes(fresh.lines())]);
    }
  });

  test('ctrl-l draws everything again', async () => {
    const { terminal } = await open();
    const before = terminal.stdout.transcript.length;
    await terminal.type('\u000c');
    expect(terminal.stdout.transcript.slice(before)).toContain('\u001b[2J');
    await terminal.waitFor(/rack 1\/3 r06/);
  });

  test('copies by OSC 52 where the terminal can, else says where it was saved', async () => {
    const { terminal } = await open();
    await terminal.type('y');
    expect(terminal.stdout.transcript).toContain('\u001b]52;c;');
    await terminal.waitFor(/=copied: r06-u40/);
  });

  test('a console gets no control string and no glyph that it lacks, over a whole session', async () => {
    const { terminal } = await open('vt');
    for (const key of [
      ']',
      'n',
      '\r',
      '\t',
      'k',
      'n',
      '\u001b',
      '?',
      '\u001b',
      'a',
      '\u001b',
      ':',
      'p',
      '\u001b',
      '/',
      'f',
      '\u001b',
      '2',
      '3',
      '4',
      '5',
      '6',
      '7',
      '1',
      'y',
      'P',
      '\u001b',
    ])
      await terminal.type(key);
    expect(lintConsole(terminal.stdout.transcript)).toEqual([]);
  });
});

describe('the end', () => {
  test('q gives the terminal back: autowrap, cursor, screen, title, brackets', async () => {
    const { terminal, screen } = await open();
    await terminal.type('q');
    expect(await screen.ended).toBe('quit');
    const tail = terminal.stdout.transcript;
    for (const sequence of ['\u001b[?7h', '\u001b[?25h', '\u001b[?1049l', '\u001b[23;0t', '\u001b[?2004l'])
      expect([JSON.stringify(sequence), tail.lastIndexOf(sequence) > 0]).toEqual([JSON.stringify(sequence), true]);
    expect(tail.lastIndexOf('\u001b[?7h')).toBeGreaterThan(tail.lastIndexOf('\u001b[?7l'));
  });

  test('the mouse is given back when it was on', async () => {
    const { terminal, screen } = await open();
    await terminal.type('M');
    expect(terminal.stdout.transcript).toContain('\u001b[?1000h\u001b[?1006h');
    await terminal.type('q');
    await screen.ended;
    expect(terminal.stdout.transcript).toContain('\u001b[?1006l\u001b[?1000l');
  });

  test('a terminal that goes away ends the screen, not the process', async () => {
    const { terminal, screen } = await open();
    terminal.stdout.emit('error', new Error('write EIO'));
    expect(await screen.ended).toBe('hangup');
  });

  test('a bug in a drawing gives the terminal back and reaches the caller', async () => {
    const { terminal, screen } = await open();
    const caught = screen.ended.then(
      () => 'no bug',
      (error: unknown) => String(error),
    );
    const broken = screen.store as unknown as { setState(change: object): void };
    broken.setState({ services: undefined });
    expect(await caught).toMatch(/TypeError/);
    expect(terminal.stdout.transcript.lastIndexOf('\u001b[?7h')).toBeGreaterThan(
      terminal.stdout.transcript.lastIndexOf('\u001b[?7l'),
    );
    stage = undefined;
  });

  test('listeners are gone afterwards', async () => {
    const before = process.listenerCount('SIGHUP');
    const { screen } = await open();
    expect(process.listenerCount('SIGHUP')).toBeGreaterThan(before);
    screen.stop();
    await screen.ended;
    expect(process.listenerCount('SIGHUP')).toBe(before);
  });
});

describe('silence', () => {
  test('nothing moves: nothing is written', async () => {
    const { terminal, port } = await open();
    port.send(sampleFleet('empty'));
    await terminal.waitFor(/No machines yet/);
    await new Promise((resolve) => setTimeout(resolve, 200));
    const before = terminal.stdout.transcript.length;
    await new Promise((resolve) => setTimeout(resolve, 2500));
    expect(terminal.stdout.transcript.length - before).toBe(0);
  });

  test('an engine that is lost is said in the header until it is back', async () => {
    const { terminal, screen, port } = await open();
    port.goSilent();
    screen.setLost('connection reset');
    await terminal.waitFor(/NO DATA for \d+ s/);
    screen.setLost(undefined);
    await terminal.settle();
    expect(terminal.screen()).not.toMatch(/NO DATA/);
  });

  test('is counted from the last answer: an engine without news was there until then', {
    timeout: 15_000,
  }, async () => {
    const { screen } = await open();
    const { lastAtMs } = screen.store.getState().link;
    await new Promise((resolve) => setTimeout(resolve, 2_600));
    screen.setLost('the engine is gone');
    expect(screen.store.getState().link.lastAtMs).toBeGreaterThan(lastAtMs + 1_500);
  });

  test('what was waiting to be drawn does not hide that it is lost', async () => {
    const { terminal, screen, port } = await open();
    port.goSilent();
    port.send({ ...sampleFleet('failure'), site: 'dc2' });
    screen.setLost('the engine is gone');
    await new Promise((resolve) => setTimeout(resolve, 700));
    expect(screen.store.getState()).toMatchObject({ fleet: { site: 'dc2' }, link: { is: 'lost' } });
    await terminal.waitFor(/the engine is gone/);
    screen.setBack('note', 'the engine was started again');
    expect(screen.store.getState()).toMatchObject({ link: { is: 'lost' }, logs: new Map() });
    port.send(sampleFleet('normal'));
    await terminal.waitFor(/the engine was started again/);
    await vi.waitFor(() => expect(screen.store.getState().link.is).toBe('live'), { timeout: 5_000 });
  });
});

test('what was wrong before there was a screen is said on it, and so is who holds the write side', async () => {
  const terminal = createInkTerminal(80, 25);
  const port = createFakePort(ON_THE_RACK);
  const screen = runScreen({
    port,
    profile: PROFILES.ascii,
    session: { zoneMinutes: 0 },
    problems: ['settings.json: keys.colour: there is no such action', 'batchMs: write a number'],
    stdin: terminal.stdin as never,
    stdout: terminal.stdout as never,
    env: {},
    batchMs: 20,
  });
  stage = { terminal, port, screen };
  await terminal.waitFor(/settings\.json: keys\.colour/);
  expect(terminal.screen()).toContain('batchMs: write a number');
  screen.setReadOnly('maria@jump2 holds the write side: you look on');
  await terminal.waitFor(/READ-ONLY/);
  await terminal.type('I');
  await terminal.waitFor(/maria@jump2 holds the write side/);
  screen.setReadOnly(undefined);
  await terminal.type('I');
  await terminal.waitFor(/INSTALL/);
  expect(port.acted).toEqual([]);
});

test.each<
  [name: string, size: { readonly columns: number; readonly rows: number } | undefined, columns: number, rows: number]
>([
  ['a serial line that tells no size gets 80x24', undefined, 80, 24],
  ['--size is believed over what the line tells', { columns: 100, rows: 30 }, 100, 30],
])('%s', async (_name, size, columns, rows) => {
  const terminal = createInkTerminal(columns, rows);
  terminal.stdout.columns = 0;
  terminal.stdout.rows = 0;
  const port = createFakePort(ON_THE_RACK);
  const screen = runScreen({
    port,
    profile: PROFILES.ascii,
    session: { zoneMinutes: 0 },
    stdin: terminal.stdin as never,
    stdout: terminal.stdout as never,
    env: {},
    batchMs: 20,
    ...(size === undefined ? {} : { size }),
  });
  stage = { terminal, port, screen };
  await terminal.waitFor(/r06-u40/);
  expect(screen.store.getState().ui.size).toEqual({ columns, rows });
  expect(terminal.lines().at(-1)).toMatch(/\? help/);
  expect(terminal.lines()[0]).toMatch(/^ CRASHCART/);
});

import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { type Fleet, nodeOf, nodesWithMac, type Wave } from '../../src/core/fleet.ts';
import type { NodeState } from '../../src/core/node.ts';
import { BUNDLE } from './run-program.ts';
import { type ScreenDemo, startScreenDemo } from './screen-demo.ts';
import { hasTmux, openTmux, type TmuxTerminal } from './tmux-terminal.ts';

/** What is done on the screen with real keys, and what the engine says of it: text on a screen alone proves nothing. */
vi.setConfig({ testTimeout: 240_000, hookTimeout: 120_000 });

const canRun = hasTmux();
if (!canRun && process.env['CI'] === 'true') throw new Error('CI must have tmux: the screen is driven in it');
if (!canRun) process.stdout.write('actions in tmux: skipped, tmux is not installed\n');

const PROGRAM = `${process.execPath} ${BUNDLE}`;
let demo: ScreenDemo;
let open: TmuxTerminal | undefined;

beforeAll(async () => {
  // u01 is protected in its file; u08 stalls in its download and u02 starts slowly, so that a key comes in time.
  if (canRun) demo = await startScreenDemo('--nodes', '8', '--faults', 'downloadStalls:r01-u08,longPost:r01-u02');
});
afterAll(() => (canRun ? demo.stop() : undefined));
afterEach(() => {
  open?.close();
  open = undefined;
});

async function attach(flags = '', seen = /r01-u08/): Promise<TmuxTerminal> {
  const screen = openTmux();
  open = screen;
  await screen.waitFor(/^\$/m);
  await screen.press(`${PROGRAM} attach --socket ${demo.socket} ${flags}; echo ENDED:$?`, 'Enter');
  await screen.waitFor(seen);
  return screen;
}

async function leave(screen: TmuxTerminal): Promise<void> {
  await screen.press('q');
  await screen.waitFor(/ENDED:0/);
}

/** Types what a dialog asks for, once it stands there with its plan, and goes on. */
async function confirm(screen: TmuxTerminal, text: string): Promise<void> {
  await screen.waitFor(/to go on:/);
  await screen.waitGone(/asking|making the plan/);
  await screen.type(text);
  await screen.waitFor(/enter: GO ON/);
  await screen.press('Enter');
}

/** Puts the cursor of the rack on a machine: units count down from the top. */
async function goTo(screen: TmuxTerminal, unit: number): Promise<void> {
  await screen.press('1', 'g');
  for (let at = 8; at > unit; at--) await screen.press('j');
  await screen.waitFor(new RegExp(`> ?${unit} +r01-u0${unit}`));
}

const node = (fleet: Fleet, name: string): NodeState => {
  const found = nodeOf(fleet, name);
  if (found === undefined) throw new Error(`no ${name}`);
  return found;
};
const isReady = (fleet: Fleet, ...names: readonly string[]): boolean =>
  names.every((name) => node(fleet, name).phase.is === 'ready' && node(fleet, name).job === undefined);
const outcomes = (fleet: Fleet, name: string): readonly string[] =>
  node(fleet, name).endedJobs.map((job) => `${job.kind} ${job.outcome}`);
const waveOf = (fleet: Fleet, kind: string): Wave | undefined =>
  Object.values(fleet.waves).find((wave) => wave.kind === kind);

describe.skipIf(!canRun)('on a simulated rack', () => {
  test('a stranger is adopted from discovery, and is a machine of the inventory', async () => {
    const before = await demo.until('a stranger', (fleet) => fleet.strangers.size > 0);
    const screen = await attach();
    await screen.press('3');
    await screen.waitFor(/unknown machines? asked/);
    const mac = /^>.*((?:[0-9a-f]{2}:){5}[0-9a-f]{2})/m.exec(screen.screen())?.[1] ?? '';
    expect(nodesWithMac(before, mac)).toEqual([]);
    await screen.press('A');
    const after = await demo.until('the adopted machine', (fleet) => nodesWithMac(fleet, mac).length === 1);
    // Adopted is not armed: nothing boots it, and nothing is written.
    expect(node(after, nodesWithMac(after, mac)[0] ?? '').job).toBeUndefined();
    await demo.untilTold(new RegExp(`adopt.*${mac}`));
    await leave(screen);
  });

  test('a job that runs is cancelled by c, and the machine is held with a reason', async () => {
    const screen = await attach();
    await goTo(screen, 8);
    await screen.press('I');
    await confirm(screen, 'r01-u08');
    await demo.until('the download', (fleet) => node(fleet, 'r01-u08').phase.is === 'initrd');
    await screen.waitFor(/r01-u08 .(INRD|STAL)/);
    await screen.press('c');
    const after = await demo.until('the end of the job', (fleet) => node(fleet, 'r01-u08').job === undefined);
    expect(outcomes(after, 'r01-u08')).toEqual(['install cancelled']);
    await screen.press('H');
    await screen.waitFor(/Why\?/);
    await screen.type('slow link');
    await screen.waitFor(/enter: GO ON/);
    await screen.press('Enter');
    const held = await demo.until('the hold', (fleet) => node(fleet, 'r01-u08').intent.is === 'hold');
    expect(node(held, 'r01-u08').intent).toMatchObject({ is: 'hold', why: 'slow link' });
    await leave(screen);
  });

  test('neither a paste nor a burst confirms anything, and the typed host name does', async () => {
    const screen = await attach();
    await goTo(screen, 7);
    await screen.press('R');
    await screen.waitFor(/Type the node name/);
    await screen.paste('r01-u07');
    await screen.waitFor(/pasted text is not taken/);
    await screen.press('Tab');
    await screen.burst('r01-u07');
    await screen.waitFor(/pasted text is not taken/);
    await screen.burst('r01-u07\r\r');
    // A name that was half pasted and half typed is no name that was typed.
    await screen.press('Escape');
    await screen.waitGone(/REINSTALL r01-u07/);
    await screen.burst('RRr01-u07\r');
    await screen.waitFor(/several keys at once only move/);
    const before = await demo.until('its state', () => true);
    expect([node(before, 'r01-u07').job, outcomes(before, 'r01-u07')]).toEqual([undefined, []]);
    expect(await demo.audit()).not.toContain('r01-u07');
    await screen.press('R');
    await screen.waitFor(/This ERASES the disks of r01-u07/);
    await confirm(screen, 'r01-u07');
    const after = await demo.until(
      'the reinstalled machine',
      (fleet) => isReady(fleet, 'r01-u07') && outcomes(fleet, 'r01-u07').length > 0,
    );
    expect(outcomes(after, 'r01-u07')).toEqual(['reinstall done']);
    await leave(screen);
  });

  test('marked machines are erased in a wave after ERASE and their number was typed', async () => {
    const screen = await attach();
    await goTo(screen, 6);
    await screen.press('Space', 'Space', 'Space');
    await screen.waitFor(/3 marked/);
    await screen.press(':');
    await screen.type('reinstall in waves');
    await screen.press('Enter');
    await screen.waitFor(/REINSTALL IN WAVES/);
    await confirm(screen, 'ERASE 3');
    const begun = await demo.until('the wave', (fleet) => waveOf(fleet, 'reinstall') !== undefined);
    expect(
      waveOf(begun, 'reinstall')
        ?.entries.map((entry) => entry.node)
        .toSorted(),
    ).toEqual(['r01-u04', 'r01-u05', 'r01-u06']);
    const after = await demo.until('the end of the wave', (fleet) => waveOf(fleet, 'reinstall')?.state === 'done');
    expect(['r01-u04', 'r01-u05', 'r01-u06'].map((name) => outcomes(after, name))).toEqual(
      Array.from({ length: 3 }, () => ['reinstall done']),
    );
    await leave(screen);
  });

  test('a guided bring-up is paused, outlives its terminal, and goes on from its step by attach', async () => {
    const screen = await attach();
    await screen.press('7');
    await screen.waitFor(/U asks for a new wave over 2\s+machines not up yet/);
    // u01 is protected and u08 is held: they stay out, and are named.
    await screen.waitFor(/r01-u01 +stays out[\s\S]*r01-u08 +stays out/);
    await screen.press('U');
    await confirm(screen, 'INSTALL 2');
    await demo.until('the wave', (fleet) => waveOf(fleet, 'install')?.state === 'running');
    // A key means what is on the screen, and that follows the engine.
    await screen.waitFor(/u pause/);
    await screen.press('u');
    const paused = await demo.until('the pause', (fleet) => waveOf(fleet, 'install')?.state === 'paused');
    expect(waveOf(paused, 'install')?.started).toEqual(['r01-u02']);
    // The line drops: the terminal is gone, and with it the screen.
    screen.close();
    const alone = await demo.until('the canary', (fleet) => isReady(fleet, 'r01-u02'));
    expect([waveOf(alone, 'install')?.state, node(alone, 'r01-u03').job]).toEqual(['paused', undefined]);
    const again = await attach('', /bring up rack r01/);
    await again.waitFor(/The wave is paused: U goes on/);
    await again.press('U');
    await confirm(again, 'INSTALL 1');
    const after = await demo.until('the end of the wave', (fleet) => waveOf(fleet, 'install')?.state === 'done');
    expect(['r01-u01', 'r01-u02', 'r01-u03'].map((name) => outcomes(after, name))).toEqual([
      [],
      ['install done'],
      ['install done'],
    ]);
    await again.waitFor(/Step 7/);
    await leave(again);
  });

  test('the panic key makes every answer local until its end was typed', async () => {
    const screen = await attach();
    await screen.press('P');
    await screen.waitFor(/Every answer becomes local boot/);
    await screen.press('P');
    const on = await demo.until('the panic', (fleet) => fleet.switches.panic !== undefined);
    expect(on.switches.panic?.by.from).not.toBe('');
    await screen.waitFor(/PANIC: all local/);
    await screen.press('P', 'P', 'Enter');
    await screen.waitFor(/END OF PANIC/);
    await demo.until('panic that goes on', (fleet) => fleet.switches.panic !== undefined);
    await screen.press('BSpace');
    await confirm(screen, 'END PANIC');
    await demo.until('the end of panic', (fleet) => fleet.switches.panic === undefined);
    await screen.waitGone(/PANIC: all local/);
    await leave(screen);
  });

  test('who only looks on is refused by the screen and by the engine', async () => {
    const screen = await attach('--read-only', /READ-ONLY/);
    await goTo(screen, 3);
    for (const key of ['H', 'R', 'I', 'c', 'p', 'b']) await screen.press(key, 'Escape');
    await screen.press('P');
    await screen.waitFor(/this session is read-only/);
    // The same session without the screen's own manners: such an order is the engine's to refuse.
    const asked = await demo.order({ type: 'hold', nodes: ['r01-u03'], why: 'read-only' }, false);
    expect(asked.ok ? 'done' : asked.error).toMatch(/write side|read-only/);
    const after = await demo.until('its state', () => true);
    expect([node(after, 'r01-u03').intent.is, after.switches.panic]).toEqual(['observe', undefined]);
    // Tried and refused is what the history says of it.
    await demo.untilTold(/hold \\"read-only\\".*refused/);
    await leave(screen);
  });

  test('broken glass takes a reason and a phrase, shows the time left, is recorded, and closes by itself', async () => {
    const screen = await attach();
    await goTo(screen, 1);
    await screen.press('R');
    await screen.waitFor(/only\s+broken\s+glass\s+\(B\)\s+opens/);
    await screen.press('B');
    await screen.waitFor(/BREAK GLASS demo/);
    await screen.type('too short');
    await screen.press('Tab');
    await screen.type('BREAK demo');
    await screen.press('Enter');
    await screen.waitFor(/not yet, 10 characters at least/);
    await screen.press('Tab', 'Tab');
    await screen.type(', so longer');
    await screen.waitFor(/enter: GO ON/);
    await screen.press('Tab', 'Enter');
    const broken = await demo.until('the broken glass', (fleet) => fleet.switches.glass !== undefined);
    expect(broken.switches.glass).toMatchObject({ reason: 'too short, so longer' });
    await screen.waitFor(/GLASS BROKEN 14:/);
    // The whole line is inverse: `ESC [ 7 m` before the first word of it.
    // biome-ignore lint/suspicious/noControlCharactersInRegex: it is looked for
    expect(screen.looks().split('\n')[0]).toMatch(/^\u001b\[[\d;]*7[\d;]*m ?CRASHCART.*GLASS BROKEN/);
    await screen.press('5');
    await screen.waitFor(/^> .*break glass/m);
    await screen.press('Enter');
    await screen.waitFor(/too short, so longer/);
    await demo.untilTold(/too short, so longer/);
    demo.jump(16 * 60_000);
    await demo.until('the lock', (fleet) => fleet.switches.glass === undefined);
    await screen.waitGone(/GLASS BROKEN/);
    await screen.press('1');
    await goTo(screen, 1);
    await screen.press('R');
    await screen.waitFor(/only\s+broken\s+glass\s+\(B\)\s+opens/);
    await leave(screen);
  });
});

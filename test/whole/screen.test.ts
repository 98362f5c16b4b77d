import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { BUNDLE, loopbackSite, makeFolder } from './run-program.ts';
import { hasTmux, openTmux, type TmuxTerminal } from './tmux-terminal.ts';

/** The program as its user has it: a shell in a terminal, the simulated rack, and real keys one by one. */
vi.setConfig({ testTimeout: 240_000 });

const canRun = hasTmux();
if (!canRun && process.env['CI'] === 'true') throw new Error('CI must have tmux: the screen is driven in it');
if (!canRun) process.stdout.write('screen in tmux: skipped, tmux is not installed\n');

const PROGRAM = `${process.execPath} ${BUNDLE}`;
let open: TmuxTerminal | undefined;
const started: number[] = [];

afterEach(() => {
  for (const pid of started.splice(0)) {
    try {
      process.kill(pid, 'SIGTERM');
    } catch {
      // It left by itself, as it should.
    }
  }
  open?.close();
  open = undefined;
});

function terminal(size?: readonly [number, number]): TmuxTerminal {
  open = openTmux(size);
  return open;
}

/** The simulated rack with six machines, all of which do as they should. */
async function openDemo(flags = ''): Promise<TmuxTerminal> {
  const screen = terminal();
  await screen.waitFor(/^\$/m);
  await screen.press(`${PROGRAM} demo --nodes 6 --speed 60 --faults none ${flags}; echo ENDED:$?`, 'Enter');
  await screen.waitFor(/SIMULATED/);
  await screen.waitFor(/r01-u06/);
  return screen;
}

async function leave(screen: TmuxTerminal): Promise<void> {
  await screen.press('q');
  await screen.waitFor(/This process holds the stack/);
  await screen.press('Q');
  await screen.waitFor(/ENDED:0/);
}

describe.skipIf(!canRun)('the screen in a terminal', () => {
  test('q asks where the stack would end with it, Esc stays, Q leaves', async () => {
    const screen = await openDemo();
    await screen.press('Escape', 'Escape');
    await screen.press('q');
    await screen.waitFor(/This process holds the stack/);
    await screen.press('Enter');
    await screen.press('Escape');
    await screen.waitGone(/This process holds the stack/);
    expect(screen.screen()).toMatch(/CRASHCART/);
    await leave(screen);
    expect(screen.screen()).not.toMatch(/CRASHCART rack/);
  });

  test('an install and a reinstall, each by the typed name, and both in the history', async () => {
    const screen = await openDemo();
    await screen.press('I');
    await screen.waitFor(/INSTALL r01-u06/);
    await screen.waitFor(/more lines: pgdn/);
    // Enter-Enter closes the dialog and does nothing.
    await screen.press('Enter');
    await screen.waitGone(/INSTALL r01-u06/);
    await screen.press('I');
    await screen.waitFor(/more lines: pgdn/);
    await screen.type('r01-u0');
    await screen.waitFor(/not yet, the text is incomplete/);
    await screen.type('6');
    await screen.waitFor(/enter: GO ON/);
    await screen.press('Enter');
    await screen.waitFor(/r01-u06 armed: install/);
    await screen.waitFor(/r01-u06 =RDY/);
    await screen.press('R');
    await screen.waitFor(/This ERASES the disks of r01-u06/);
    await screen.waitFor(/ERASED/);
    await screen.type('r01-u06');
    await screen.waitFor(/enter: GO ON/);
    await screen.press('Enter');
    await screen.waitFor(/r01-u06 armed: reinstall/);
    await screen.waitGone(/r01-u06 =RDY/);
    await screen.waitFor(/r01-u06 =RDY/);
    await screen.press('5');
    await screen.waitFor(/arm reinstall[\s\S]*arm install/);
    await screen.press('1');
    await screen.waitFor(/r01-u06 =RDY/);
    await leave(screen);
  });

  test('panic is the same key twice, and ends by its words only', async () => {
    const screen = await openDemo();
    await screen.press('P');
    await screen.waitFor(/Every answer becomes local boot/);
    await screen.press('Enter');
    expect(screen.screen()).toMatch(/Every answer becomes local boot/);
    await screen.press('P');
    await screen.waitFor(/PANIC: all local/);
    await screen.press('P');
    await screen.waitFor(/END OF PANIC/);
    // A hand that hits the key again and again ends nothing.
    await screen.press('P', 'Enter');
    await screen.waitFor(/END OF PANIC/);
    await screen.press('BSpace');
    await screen.type('END PANIC');
    await screen.waitFor(/enter: /);
    await screen.press('Enter');
    await screen.waitGone(/PANIC: all local/);
    await leave(screen);
  });

  test('a hold says why, the columns of the list are kept, ctrl-z and fg come back, and a new size is filled', async () => {
    const screen = await openDemo();
    await screen.press('H');
    await screen.waitFor(/Why\?/);
    await screen.type('fan is dead');
    await screen.waitFor(/enter: GO ON/);
    await screen.press('Enter');
    await screen.waitFor(/#HOLD fan is dead/);
    await screen.press('2', 'W');
    await screen.waitFor(/COLUMNS 9 of/);
    await screen.press('j', 'j', 'Space');
    await screen.waitFor(/COLUMNS 8 of/);
    await screen.press('Escape');
    await screen.waitFor(/phase +done +age/);
    await screen.press('C-z');
    await screen.waitFor(/Stopped/);
    await screen.type('fg');
    await screen.press('Enter');
    await screen.waitFor(/phase +done +age/);
    screen.resize(140, 40);
    await screen.press('1');
    await screen.waitFor(/RACKS[\s\S]*PROBLEMS[\s\S]*RECENT/);
    await screen.press('q');
    await screen.waitFor(/This process holds the stack/);
    await screen.press('Q');
    // The shell said its `echo` when the program stopped, not now.
    await screen.waitGone(/CRASHCART/);
    await screen.waitFor(/\n\$\s*$/);
    await screen.press(`${PROGRAM} demo --nodes 6 --faults none; echo ENDED:$?`, 'Enter');
    await screen.waitFor(/SIMULATED/);
    await screen.press('2');
    await screen.waitFor(/phase +done +age/);
    await screen.press('q');
    await screen.waitFor(/This process holds the stack/);
    await screen.press('Q');
    await screen.waitFor(/ENDED:0/);
  });

  test('what cannot start gives the terminal back, with the reason in words', async () => {
    const folder = makeFolder({ '_site.yaml': await loopbackSite(), 'node-01.yaml': 'macss: [52:54:00:0a:21:01]\n' });
    // Wide enough that the reason is not wrapped.
    const screen = terminal([240, 25]);
    await screen.waitFor(/^\$/m);
    await screen.press(
      `clear; ${PROGRAM} up --inventory ${folder} --state ${folder}/.s; echo ENDED:$?; stty -a | grep -o ' icanon'`,
      'Enter',
    );
    await screen.waitFor(/did you mean "macs"[\s\S]*ENDED:3[\s\S]*icanon/);
    expect(screen.screen()).not.toMatch(/CRASHCART/);
  });

  test('when the terminal goes away the stack stays, and attach comes back to it', async () => {
    const folder = makeFolder({
      '_site.yaml': await loopbackSite(),
      'node-01.yaml': 'macs: [52:54:00:0a:21:01]\nip: 127.77.0.33\ntalos: {config: _config.yaml}\n',
      '_config.yaml': 'version: v1alpha1\n',
    });
    const state = join(folder, '.state');
    const screen = terminal();
    await screen.waitFor(/^\$/m);
    await screen.press(
      `${PROGRAM} up --inventory ${folder} --state ${state} --assets ${folder}/.a & echo PID:$!; fg`,
      'Enter',
    );
    await screen.waitFor(/PROVISION/);
    await screen.waitFor(/node-01/);
    const pid = Number(
      execFileSync('pgrep', ['-f', `^${process.execPath} ${BUNDLE} up --inventory ${folder}`], {
        encoding: 'utf8',
      }).trim(),
    );
    started.push(pid);
    process.kill(pid, 'SIGHUP');
    await screen.waitGone(/PROVISION/);
    screen.close();
    const other = terminal();
    await other.waitFor(/^\$/m);
    await other.press(`${PROGRAM} attach --socket ${state}/control.sock; echo ENDED:$?`, 'Enter');
    await other.waitFor(/ATTACHED/);
    await other.waitFor(/node-01/);
    // Work goes on in the other process: q asks nothing here.
    await other.press('q');
    await other.waitFor(/ENDED:0/);
  });
});

import { readFileSync, writeFileSync } from 'node:fs';
import { BUNDLE, run } from '../whole/run-program.ts';
import { openTmux, type TmuxTerminal } from '../whole/tmux-terminal.ts';
import { README, writeTour } from './readme-tour.ts';

/**
 * Records the README's tour anew, from the built program in tmux: `npm run build && node test/tour/record-tour.ts`.
 * It takes some two minutes. The sentences above the screens are for a person to compare with what came.
 */

const PROGRAM = `${process.execPath} ${BUNDLE}`;
const RACK = Array.from({ length: 24 }, (_, at) => `r01-u${String(at + 1).padStart(2, '0')}`);
/** The others are protected, and stay off. */
const ARMED = RACK.filter((name) => !['r01-u01', 'r01-u03'].includes(name));

interface Demo {
  readonly screen: TmuxTerminal;
  readonly provision: (nodes: readonly string[], ...flags: readonly string[]) => Promise<void>;
  readonly close: () => void;
}

async function openDemo(): Promise<Demo> {
  const screen = openTmux();
  await screen.waitFor(/^\$/m);
  await screen.press('echo PID:$$', 'Enter');
  await screen.waitFor(/PID:\d+/);
  const pid = Number(/PID:(\d+)/.exec(screen.screen())?.[1]);
  await screen.press(`exec ${PROGRAM} demo --speed 12`, 'Enter');
  await screen.waitFor(/SIMULATED/);
  await screen.waitFor(/r01-u24/);
  const socket = `/tmp/crashcart-demo-${pid}/state/control.sock`;
  return {
    screen,
    provision: async (nodes, ...flags) => {
      const { code, err } = await run(['provision', ...nodes, ...flags, '--take', '--socket', socket]);
      if (code !== 0) throw new Error(`provision ended with ${code}: ${err}`);
    },
    close: () => {
      process.kill(pid, 'SIGTERM');
      screen.close();
    },
  };
}

type Screens = Map<string, string>;

const picture = (screen: TmuxTerminal): string => screen.screen().replace(/\n$/, '');

/** Twenty-two machines from power-on to what becomes of them, and the pages that tell of it. */
async function recordBoots({ screen, provision }: Demo, screens: Screens): Promise<void> {
  await provision(ARMED);
  await screen.waitFor(/: [1-9] ready +[3-9] install/);
  screens.set('The rack', picture(screen));
  for (const end of [/r01-u16 \?STAL/, /r01-u23 !FAIL/, /r01-u09 =RDY/, /r01-u19 =RDY/, /r01-u17 \?HALT/])
    await screen.waitFor(end);
  await screen.waitGone(/\d (install|boot) /);
  await recordNode(screen, 'u16', 'A machine that failed, and what to do', screens);
  await recordNode(screen, 'u23', 'A BMC that lies', screens);
  await recordNode(screen, 'u09', 'From power-on to ready', screens);
  await screen.press('4');
  await screen.waitFor(/ images +√/);
  // The log comes in slices; this is said at its end, as often as the stranger answers.
  await screen.waitFor(/LOG services[\s\S]* WARN another DHCP server/);
  screens.set('Services and other DHCP servers', picture(screen));
  await screen.press('3');
  await screen.waitFor(/first seen/);
  screens.set('Machines that nobody knows', picture(screen));
  await screen.press('1');
  await choose(screen, 'u19');
  await screen.press('R');
  await screen.waitFor(/DIFFERENCE/);
  await screen.type('r01-u1');
  screens.set('Nothing is erased by a key', picture(screen));
}

async function choose(screen: TmuxTerminal, name: string): Promise<void> {
  await screen.press('/');
  await screen.type(name);
  await screen.press('Enter');
  await screen.waitFor(/1 of 24/);
}

async function recordNode(screen: TmuxTerminal, name: string, heading: string, screens: Screens): Promise<void> {
  await choose(screen, name);
  await screen.press('Enter');
  await screen.waitFor(new RegExp(`> r01-${name} `));
  // The log of a machine is asked for when its page opens.
  await screen.waitGone(/nothing was logged yet/);
  screens.set(heading, picture(screen));
  await screen.press('Escape', 'Escape');
  await screen.waitFor(/r01-u24/);
}

/** A wave whose canary has no disk that fits, and one that goes on. */
async function recordWaves({ screen, provision }: Demo, screens: Screens): Promise<void> {
  await screen.press('6');
  await provision(ARMED.toReversed(), '--canary', '1');
  await screen.waitFor(/!stopped/);
  await provision(ARMED.slice(0, -1), '--width', '8', '--stop-after', '9');
  await screen.waitFor(/running +\S+ 1\d\/21/);
  screens.set('Waves and jobs', picture(screen));
}

const screens: Screens = new Map();
for (const record of [recordBoots, recordWaves]) {
  const demo = await openDemo();
  try {
    await record(demo, screens);
  } finally {
    demo.close();
  }
}
writeFileSync(README, writeTour(readFileSync(README, 'utf8'), screens));
process.stdout.write(`${screens.size} screens recorded; compare the sentences above them\n`);

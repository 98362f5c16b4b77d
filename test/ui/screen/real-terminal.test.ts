import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type IPty, spawn } from 'node-pty';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { bundlePtyScreen } from './bundle-pty-screen.ts';

// Each starts a program of its own: on a busy machine that alone takes seconds.
vi.setConfig({ testTimeout: 60_000 });

/** The screen as a program on a pseudo-terminal: signals, job control and the way out, which no fake TTY has. */
let folder: string;
let program: string;
let open: IPty | undefined;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'crashcart-screen-'));
  program = await bundlePtyScreen(folder);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));
afterEach(() => {
  try {
    open?.kill('SIGKILL');
  } catch {
    // It ended by itself, as most of these do.
  }
  open = undefined;
});

interface Session {
  readonly pty: IPty;
  readonly ended: Promise<{ exitCode: number; signal?: number | undefined }>;
  text(): string;
  waitFor(pattern: RegExp, ms?: number): Promise<void>;
  /** Again and again until it was heard: a key that comes with the first frame means nothing to the screen yet. */
  press(key: string, until: RegExp): Promise<void>;
}

function start(env: Record<string, string> = {}): Session {
  const { CI: _, NO_COLOR: __, TMUX: ___, ...clean } = process.env;
  const pty = spawn(process.execPath, [program], {
    cols: 80,
    rows: 25,
    name: 'xterm-256color',
    env: { ...clean, LANG: 'C.UTF-8', TERM: 'xterm-256color', ...env } as Record<string, string>,
  });
  open = pty;
  let text = '';
  pty.onData((data) => {
    text += data;
  });
  const ended = new Promise<{ exitCode: number; signal?: number | undefined }>((resolve) => pty.onExit(resolve));
  const waitFor = async (pattern: RegExp, ms = 30_000) => {
    const until = Date.now() + ms;
    while (!pattern.test(text)) {
      if (Date.now() > until) throw new Error(`never came: ${pattern}\n${JSON.stringify(text.slice(-600))}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  };
  return {
    pty,
    ended,
    text: () => text,
    waitFor,
    press: async (key, until) => {
      pty.write(key);
      const again = setInterval(() => pty.write(key), 500);
      await waitFor(until).finally(() => clearInterval(again));
    },
  };
}

const RESTORED = ['\u001b[?7h', '\u001b[?25h', '\u001b[?1049l'];

function expectRestored(text: string): void {
  for (const sequence of RESTORED)
    expect([JSON.stringify(sequence), text.includes(sequence)]).toEqual([JSON.stringify(sequence), true]);
  expect(text.lastIndexOf('\u001b[?7h')).toBeGreaterThan(text.lastIndexOf('\u001b[?7l'));
  expect(text.lastIndexOf('\u001b[?1049l')).toBeGreaterThan(text.lastIndexOf('\u001b[?1049h'));
}

describe('on a pseudo-terminal', () => {
  test('q leaves and restores', async () => {
    const session = start();
    await session.waitFor(/r01-u40/);
    await session.press('q', /ended: quit/);
    expect((await session.ended).exitCode).toBe(0);
    expectRestored(session.text());
  });

  test('q asks when the stack is in this process', async () => {
    const session = start({ HOLDS: '1' });
    await session.waitFor(/r01-u40/);
    await session.press('q', /This process holds the stack/);
    session.pty.write('Q');
    expect((await session.ended).exitCode).toBe(0);
  });

  test('a hang-up ends the screen and leaves the rest of the process to itself', async () => {
    const session = start();
    await session.waitFor(/r01-u40/);
    process.kill(session.pty.pid, 'SIGHUP');
    expect((await session.ended).exitCode).toBe(0);
  });

  test.each(['SIGTERM', 'SIGINT', 'SIGQUIT'])('%s restores the terminal', async (signal) => {
    const session = start();
    await session.waitFor(/r01-u40/);
    process.kill(session.pty.pid, signal);
    await session.ended;
    expectRestored(session.text());
    expect(session.text()).toContain('ended: signal');
  });

  test('a bug restores the terminal before the reason is printed', async () => {
    const session = start({ CRASH: '1' });
    await session.waitFor(/a bug on purpose/);
    expect((await session.ended).exitCode).not.toBe(0);
    expectRestored(session.text());
  });

  test('ctrl-z gives the terminal to the shell and fg brings the screen back', async () => {
    const session = start();
    await session.waitFor(/r01-u40/);
    await session.press('\u001a', /\[\?1049l/);
    expectRestored(session.text());
    const before = session.text().length;
    // There is no shell here to say `fg`; what it does is this signal. It is given again until it was heard: the screen
    // says goodbye to the terminal before it waits for it.
    const fg = setInterval(() => process.kill(session.pty.pid, 'SIGCONT'), 100);
    await session.waitFor(/\[\?1049l[\s\S]*r01-u40/).finally(() => clearInterval(fg));
    expect(session.text().slice(before)).toContain('\u001b[?1049h');
    expect(session.text().slice(before)).toContain('r01-u40');
    session.pty.write('q');
    expect((await session.ended).exitCode).toBe(0);
  });

  test('a program that is given the terminal gets every key, and the screen comes back', async () => {
    // Again and again: a read of ours that was still under way would take a key, or hang, only now and then.
    const pager = join(folder, 'pager');
    writeFileSync(pager, '#!/bin/sh\necho READS\nread line\necho "GOT:$line:"\n', { mode: 0o755 });
    const session = start({ PAGER: pager });
    await session.waitFor(/r01-u40/);
    await session.press('\r', /TIMELINE/);
    for (const word of ['first', 'second', 'third']) {
      const before = session.text().length;
      session.pty.write('m');
      // An Enter that comes while the terminal is still raw is no end of a line to whoever reads lines afterwards.
      await session.waitFor(new RegExp(`^[\\s\\S]{${before}}[\\s\\S]*\\[\\?1049l[\\s\\S]*READS`));
      for (const letter of `${word}\r`) session.pty.write(letter);
      await session.waitFor(new RegExp(`GOT:${word}:[\\s\\S]*\\[\\?1049h[\\s\\S]*TIMELINE`));
    }
    await session.press('q', /ended: quit/);
  });

  test('ctrl-c in such a program is meant for it', async () => {
    const pager = join(folder, 'sleeper');
    writeFileSync(pager, '#!/bin/sh\ntrap "echo BROKEN-OFF; exit 0" INT\necho SLEEPS\nwhile :; do sleep 0.1; done\n', {
      mode: 0o755,
    });
    const session = start({ PAGER: pager });
    await session.waitFor(/r01-u40/);
    await session.press('\r', /TIMELINE/);
    session.pty.write('m');
    await session.waitFor(/SLEEPS/);
    session.pty.write('\u0003');
    await session.waitFor(/BROKEN-OFF[\s\S]*\[\?1049h[\s\S]*TIMELINE/);
    await session.press('q', /ended: quit/);
  });

  test('a serial console has the password in its environment and nowhere else, and what it failed with stays', async () => {
    const session = start({ CONSOLE: 'echo "SECRET:$IPMI_PASSWORD:"; tr "\\000" " " </proc/$PPID/cmdline; exit 3' });
    await session.waitFor(/r01-u40/);
    await session.press('o', /SECRET:geheim:/);
    await session.waitFor(/ended with code 3\. Enter goes back/);
    expect(session.text()).toContain('~. at the start of a line comes back');
    expect(session.text().split('geheim').length).toBe(2);
    session.pty.write('\r');
    await session.waitFor(/Enter goes back[\s\S]*\[\?1049h[\s\S]*r01-u40/);
    await session.press('q', /ended: quit/);
  });

  test('no key of a long autorepeat is lost', async () => {
    const session = start({ NODES: '400' });
    await session.waitFor(/r01-u40/);
    await session.press('2', /row 1\/400/);
    for (let round = 0; round < 5; round++) session.pty.write('j'.repeat(60));
    await session.waitFor(/row 301\/400/);
    session.pty.write('q');
    await session.ended;
  });
});

import { Terminal } from '@xterm/headless';
import { spawn } from 'node-pty';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Bundle, bundleProgram } from './bundle.ts';
import { arm, boot, createRecordedSite, load, NODES, type RecordedSite } from './recorded-site.ts';

let program: Bundle;
let site: RecordedSite;

beforeAll(async () => {
  program = await bundleProgram();
  site = createRecordedSite();
  const live = await site.run();
  live.engine.emit(load(...NODES));
  for (const spec of NODES.slice(0, 2)) {
    arm(live, spec);
    boot(live, spec);
  }
  await live.end();
}, 60_000);
afterAll(() => {
  program.remove();
  site.remove();
});

const SIZE = { cols: 100, rows: 25 };

function openTerminal(argv: readonly string[]) {
  const terminal = new Terminal({ ...SIZE, allowProposedApi: true });
  const env = { PATH: process.env['PATH'] ?? '', HOME: program.folder, TERM: 'xterm-256color', TZ: 'UTC' };
  const child = spawn(process.execPath, [program.file, ...argv], { ...SIZE, env, cwd: program.folder });
  child.onData((data) => terminal.write(data));
  const exited = new Promise<number>((resolve) => child.onExit(({ exitCode }) => resolve(exitCode)));
  const screen = () =>
    Array.from(
      { length: SIZE.rows },
      (_, row) => terminal.buffer.active.getLine(row)?.translateToString(true) ?? '',
    ).join('\n');
  const see = async (what: RegExp) => {
    for (let tries = 0; tries < 1200 && !what.test(screen()); tries += 1)
      await new Promise((resolve) => setTimeout(resolve, 50));
    expect(screen()).toMatch(what);
  };
  return { see, screen, press: (keys: string) => child.write(keys), exited, kill: () => child.kill() };
}

test('the screen of a replay pauses, jumps, goes back, refuses orders, and leaves with q', async () => {
  const terminal = openTerminal(['replay', site.dir, '--speed', '0.1']);
  try {
    await terminal.see(/CRASHCART .*REPLAY +08:53/);
    await terminal.see(/r07-u01 +\+ARM/);
    await terminal.see(/playing 0\.1x/);
    terminal.press('.');
    await terminal.see(/paused/);
    await terminal.see(/\. play\/pause +\+ - speed/);
    // Where one is stays when the time goes back: on the list, not on the rack.
    terminal.press('2');
    await terminal.see(/done +age rack/);
    for (let jump = 0; jump < 6; jump += 1) terminal.press('>');
    await terminal.see(/r07-u01 .*RDY/);
    expect(terminal.screen()).not.toContain('NO DATA');
    terminal.press(')');
    await terminal.see(/at its end .* (\d+) of \1/);
    terminal.press('(');
    await terminal.see(/r07-u01 +\+ARM/);
    expect(terminal.screen()).toMatch(/done +age rack/);
    terminal.press('+');
    await terminal.see(/paused/);
    terminal.press('.');
    await terminal.see(/playing 0\.2x/);
    terminal.press('.');
    await terminal.see(/paused/);
    terminal.press('/');
    await terminal.see(/^ \/_/m);
    terminal.press('u0.');
    await terminal.see(/^ \/u0\._/m);
    terminal.press('\u001b');
    await terminal.see(/r07-u02/);
    terminal.press('R');
    await terminal.see(/this is a replay: nothing can be changed here/);
    terminal.press('\u001b');
    await terminal.see(/^(?![\s\S]*this is a replay)/);
    terminal.press('q');
    expect(await terminal.exited).toBe(0);
  } finally {
    terminal.kill();
  }
}, 120_000);

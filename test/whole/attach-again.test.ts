import { spawn } from 'node:child_process';
import { dirname } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { BUNDLE, loopbackSite, makeFolder, run, type Serving, serve } from './run-program.ts';
import { hasTmux, openTmux, type TmuxTerminal } from './tmux-terminal.ts';

/** An engine that is killed and started again while people look on, over the real socket and in real terminals. */

const isHere = hasTmux();
if (!isHere && process.env['CI'] === 'true') throw new Error('CI must have tmux (apt-get install tmux)');
if (!isHere) process.stdout.write('attach-again: skipped, tmux is not installed\n');

let serving: Serving | undefined;
let windows: TmuxTerminal[] = [];

afterEach(async () => {
  for (const window of windows) window.close();
  windows = [];
  await serving?.stop('SIGKILL');
  serving = undefined;
});

const NODE =
  'macs: [52:54:00:0a:21:01]\nserial: CZJ2140K9P\nip: 127.77.0.33\ntalos: {disk: {serial: S6CKNE0T}, config: _config.yaml}\n';

async function siteArgs(): Promise<readonly string[]> {
  const folder = makeFolder({
    '_site.yaml': await loopbackSite(),
    'node-01.yaml': NODE,
    '_config.yaml': 'version: v1alpha1\n',
  });
  return ['--inventory', folder, '--state', `${folder}/.state`, '--assets', `${folder}/.assets`];
}

async function attach(socket: string, ...flags: readonly string[]): Promise<TmuxTerminal> {
  const window = openTmux([120, 30]);
  windows.push(window);
  await window.type(`cd ${dirname(socket)}`);
  await window.press('Enter');
  await window.paste(`${process.execPath} ${BUNDLE} attach --socket ${socket} ${flags.join(' ')}`);
  await window.press('Enter');
  await window.waitFor(/node-01/);
  await window.waitFor(/DHCP ok/);
  return window;
}

test.skipIf(!isHere)(
  'attached screens come back to an engine that was killed and started again, each with the side it had',
  { timeout: 180_000 },
  async () => {
    const args = await siteArgs();
    serving = await serve(args);
    const { socket } = serving;
    const writer = await attach(socket);
    const onlooker = await attach(socket);
    expect(writer.screen()).not.toContain('READ-ONLY');
    await onlooker.waitFor(/READ-ONLY/);

    await serving.stop('SIGKILL');
    for (const window of [writer, onlooker]) {
      await window.waitFor(/NO DATA for/);
      await window.waitFor(/DHCP \?/);
      expect(window.screen()).not.toContain('DHCP ok');
    }
    await writer.press('H');
    await writer.waitFor(/the engine does not answer/);
    await writer.press('!');
    await writer.waitFor(/asked again every few seconds/);
    await writer.press('Escape');

    serving = await serve(args);
    expect(serving.socket).toBe(socket);
    for (const window of [writer, onlooker]) {
      await window.waitFor(/the engine was started again/);
      await window.waitFor(/DHCP ok/);
      await window.waitGone(/NO DATA/);
    }
    expect(writer.screen()).not.toContain('READ-ONLY');
    await onlooker.waitFor(/READ-ONLY/);

    // What happens in the new engine is seen in both.
    const held = await run(['hold', 'node-01', '--why', 'DIMM', '--take', '--socket', socket]);
    expect(held.err).toBe('');
    await writer.waitFor(/HOLD/);
    await onlooker.waitFor(/HOLD/);
  },
);

test('attached lines go on behind a restart of the engine, and are in nobody’s way', { timeout: 120_000 }, async () => {
  const args = await siteArgs();
  serving = await serve(args);
  const { socket } = serving;
  const lines = spawn(process.execPath, [BUNDLE, 'attach', '--plain', '--socket', socket]);
  let said = '';
  lines.stdout.on('data', (bytes: Buffer) => {
    said += bytes.toString();
  });
  const ended = new Promise((resolve) => lines.once('exit', resolve));
  const hear = (what: RegExp) =>
    expect.poll(() => said, { timeout: 30_000, message: `lines that say ${what.source}` }).toMatch(what);
  try {
    await hear(/1 nodes: /);
    // No --take: nobody has the write side.
    expect((await run(['hold', 'node-01', '--why', 'DIMM', '--socket', socket])).err).toBe('');
    await hear(/node-01: .*DIMM/);
    await serving.stop('SIGKILL');
    await hear(/the engine is gone: .*\n.*asked again every few seconds/);
    said = '';
    serving = await serve(args);
    await hear(/the engine was started again\n(.*\n)*.*1 nodes: /);
    expect((await run(['unhold', 'node-01', '--socket', socket])).err).toBe('');
    await hear(/node-01: /);
  } finally {
    lines.kill('SIGINT');
  }
  expect(await ended).toBe(0);
});

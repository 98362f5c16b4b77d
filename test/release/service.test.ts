import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { loopbackSite, makeFolder, serve } from '../whole/run-program.ts';
import { hasTool, runTool, TOP } from './run-tool.ts';

const unit = readFileSync(join(TOP, 'assets', 'systemd', 'crashcart.service'), 'utf8');
const folder = mkdtempSync(join(tmpdir(), 'crashcart-unit-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The unit as it is, with a program that exists here. */
function unitWithProgram(): string {
  const path = join(folder, 'crashcart.service');
  writeFileSync(path, unit.replace('ExecStart=crashcart ', 'ExecStart=/bin/sh '));
  return path;
}

describe('the systemd unit', () => {
  test('starts a command that the program has, with options that it has', async () => {
    const command = /^ExecStart=crashcart (\w+) (.*)$/m.exec(unit);
    const { out } = await runTool(process.execPath, [join(TOP, 'dist', 'crashcart.mjs'), command?.[1] ?? '', '--help']);
    const options = [...(command?.[2] ?? '').matchAll(/--[a-z-]+/g)].map((match) => match[0]);
    expect(options).toEqual(['--inventory', '--state', '--assets']);
    for (const option of options) expect(out).toContain(option);
  });

  test('says nothing twice', () => {
    const settings = unit.split('\n').filter((line) => /^\w+=/.test(line));
    expect(settings.filter((line, at) => settings.indexOf(line) !== at)).toEqual([]);
  });

  test('is understood by systemd without a complaint', async () => {
    if (!hasTool('systemd-analyze', 'the unit')) return;
    const { code, err } = await runTool('systemd-analyze', ['verify', '--man=no', unitWithProgram()]);
    expect({ code, err }).toEqual({ code: 0, err: '' });
  });

  test('leaves little to be attacked: at most 2.0 of 10 by systemd', async () => {
    if (!hasTool('systemd-analyze', 'the unit')) return;
    const { code, out } = await runTool('systemd-analyze', [
      'security',
      '--offline=true',
      '--threshold=20',
      unitWithProgram(),
    ]);
    expect(code, out.slice(-200)).toBe(0);
  });

  test('is tried for ever, and not without a pause: nobody is there to wake it after a power loss', () => {
    expect(unit).toMatch(/^StartLimitIntervalSec=0$/m);
    expect(unit).toMatch(/^Restart=on-failure$/m);
    expect(Number(/^RestartSec=(\d+)$/m.exec(unit)?.[1])).toBeGreaterThanOrEqual(5);
  });

  test('lets DHCP send whole packets, for which it gives the capability', () => {
    expect(unit).toMatch(/^AmbientCapabilities=.*\bCAP_NET_RAW\b/m);
    expect(unit).toMatch(/^RestrictAddressFamilies=.*\bAF_PACKET\b/m);
  });

  test('keeps state in a folder that is no link: a user that is always there', () => {
    expect(unit).not.toMatch(/^DynamicUser=yes/m);
    const user = /^User=(\w+)$/m.exec(unit)?.[1];
    expect(readFileSync(join(TOP, 'assets', 'systemd', 'crashcart.sysusers'), 'utf8')).toMatch(
      new RegExp(`^u ${user} `, 'm'),
    );
  });
});

describe('systemd readiness', () => {
  test('READY is said when the servers listen, STOPPING when it ends', async () => {
    const said = join(folder, 'said');
    mkdirSync(join(folder, 'bin'));
    // Node has no Unix datagram sockets to listen with; what matters is when systemd-notify is called, and how.
    writeFileSync(join(folder, 'bin', 'systemd-notify'), `#!/bin/sh\necho "$*" >> ${said}\n`);
    chmodSync(join(folder, 'bin', 'systemd-notify'), 0o755);
    const site = makeFolder({ '_site.yaml': await loopbackSite() });
    const engine = await serve(['--inventory', site, '--state', join(folder, 'state')], {
      NOTIFY_SOCKET: join(folder, 'notify'),
      PATH: `${join(folder, 'bin')}${delimiter}${process.env['PATH']}`,
    });
    while (!existsSync(said)) await new Promise((resolve) => setTimeout(resolve, 20));
    expect(await engine.stop()).toBe(0);
    expect(readFileSync(said, 'utf8').trim().split('\n')).toEqual([
      `--pid=${engine.child.pid} READY=1`,
      `--pid=${engine.child.pid} STOPPING=1`,
    ]);
    rmSync(site, { recursive: true });
  });
});

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { endCommand, runCommand } from '../firmware/run-command.ts';
import { addBridge } from './one-bridge.ts';
import { BUNDLE, run } from './run-program.ts';

/** A DHCP server of somebody else on the very host of ours: its port is taken, and what is left to us is 4011. */

const HOST = `cbd${process.pid % 10_000}`;
const WAIT = { timeout: 60_000, interval: 100 };
const works = process.getuid?.() === 0 && (await runCommand('ip', ['netns', 'add', HOST])).code === 0;
if (!works) process.stderr.write('skipped: network namespaces need root and iproute2\n');
const describeHere = works || process.env['CI'] === 'true' ? describe : describe.skip;

const folder = mkdtempSync(join(tmpdir(), 'crashcart-beside-'));
const running: ChildProcess[] = [];

function start(...command: string[]): { readonly child: ChildProcess; readonly said: () => string } {
  const child = spawn('ip', ['netns', 'exec', HOST, process.execPath, ...command], { cwd: folder });
  running.push(child);
  let text = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (bytes) => {
      text += String(bytes);
    });
  return { child, said: () => text };
}

beforeAll(async () => {
  mkdirSync(join(folder, 'inventory'));
  writeFileSync(join(folder, 'inventory', 'n1.yaml'), 'macs: ["52:54:00:99:00:01"]\n');
  if (!works) return;
  await addBridge(HOST, '10.9.0.1/24');
});
afterEach(async () => {
  for (const child of running.splice(0)) await endCommand(child);
});
afterAll(async () => {
  await runCommand('ip', ['netns', 'del', HOST]);
  rmSync(folder, { recursive: true, force: true });
});

describeHere('beside a DHCP server on the same host', { timeout: 180_000 }, () => {
  const serve = async (dhcp: string) => {
    const net = `interface: s0, address: 10.9.0.1, subnet: 10.9.0.0/24, dhcp: ${dhcp}`;
    writeFileSync(join(folder, 'inventory', '_site.yaml'), `site: t\nnetworks: [{ ${net} }]\n`);
    const other = start('-e', "require('dgram').createSocket('udp4').bind(67, () => console.log('bound'))");
    await vi.waitFor(() => expect(other.said()).toBe('bound\n'), WAIT);
    return start(BUNDLE, 'serve', '--state', join(folder, dhcp));
  };

  test('serves the proxy port alone where the network has a DHCP server, and says what it takes', async () => {
    const ours = await serve('proxy');
    await vi.waitFor(() => expect(ours.said()).toContain('"text":"ready"'), WAIT);
    const { out } = await run(['status', '--json', '--socket', join(folder, 'proxy', 'control.sock')]);
    expect(JSON.parse(out).services).toMatchObject({
      DHCP: { is: 'off', why: expect.stringContaining("UDP 67 is the DHCP server's on this host") },
      proxyDHCP: { is: 'ok', listens: '10.9.0.1:4011' },
    });
  });

  test('does not start where it is to be the DHCP server itself', async () => {
    const ours = await serve('authoritative');
    await vi.waitFor(() => expect(ours.child.exitCode).toBeGreaterThan(0), WAIT);
    expect(ours.said()).toMatch(/DHCP: UDP .*:67 is taken by another program/);
  });
});

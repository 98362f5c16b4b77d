import { type ChildProcess, spawn } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import type { Problem } from '../../src/core/spec.ts';
import { BUNDLE, run } from './run-program.ts';

const EXAMPLE = new URL('../../inventory', import.meta.url).pathname;

interface Rehearsal {
  readonly demo: ChildProcess;
  readonly socket: string;
  readonly said: () => string;
}

const running: ChildProcess[] = [];
const folders: string[] = [];
afterEach(async () => {
  for (const demo of running.splice(0)) {
    if (demo.exitCode !== null) continue;
    demo.kill('SIGTERM');
    await new Promise((resolve) => demo.once('exit', resolve));
  }
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
}, 60_000);

async function rehearse(inventory: string): Promise<Rehearsal> {
  const args = ['demo', '--plain', '--inventory', inventory, '--speed', '60'];
  const demo = spawn(process.execPath, [BUNDLE, ...args], { stdio: ['ignore', 'pipe', 'ignore'] });
  running.push(demo);
  let said = '';
  demo.stdout.on('data', (bytes: Buffer) => {
    said += bytes.toString();
  });
  const socket = join(tmpdir(), `crashcart-demo-${demo.pid}`, 'state', 'control.sock');
  for (let left = 240; left > 0 && !existsSync(socket); left--) await new Promise((again) => setTimeout(again, 250));
  return { demo, socket, said: () => said };
}

/** The same site beside an office's DHCP server. */
function besideAnOffice(): string {
  const folder = mkdtempSync(join(tmpdir(), 'rehearsal-proxy-'));
  folders.push(folder);
  cpSync(EXAMPLE, folder, { recursive: true });
  const site = join(folder, '_site.yaml');
  const text = readFileSync(site, 'utf8');
  const doubtful = join(folder, 'rack-7', 'node-02.yaml');
  writeFileSync(doubtful, readFileSync(doubtful, 'utf8').replace('{ serial: S6CKNE0U }', '{ type: hdd }'));
  writeFileSync(site, text.replace('dhcp: authoritative', 'dhcp: proxy').replace(/^ {4}pool:.*\n/m, ''));
  return folder;
}

// node-03 has no BMC: the simulated person presses its button. node-02 is protected.
const MACHINES = ['node-01', 'node-03'];

async function provision({ socket }: Rehearsal): Promise<{ readonly outcomes: unknown; readonly addresses: string[] }> {
  const args = ['provision', ...MACHINES, '--wait', '--timeout', '200', '--json', '--take', '--socket', socket];
  const done = await run(args, {}, 220_000);
  expect(done.code, done.out + done.err).toBe(0);
  const status = await run(['status', '--json', '--socket', socket]);
  const { nodes } = JSON.parse(status.out) as {
    nodes: { name: string; address?: string; lastJob?: { outcome: string } }[];
  };
  return {
    outcomes: nodes.filter(({ name }) => MACHINES.includes(name)).map((node) => [node.name, node.lastJob?.outcome]),
    addresses: nodes.flatMap(({ address }) => address ?? []),
  };
}

test('a newcomer rehearses the example inventory as it is delivered, and beside it the same with another DHCP server: both up to machines that are ready', {
  timeout: 400_000,
}, async () => {
  const ours = await rehearse(EXAMPLE);
  const folder = besideAnOffice();
  const office = await rehearse(folder);
  const [first, second] = await Promise.all([provision(ours), provision(office)]);
  const done = MACHINES.map((name) => [name, 'done']);
  expect([first.outcomes, second.outcomes]).toEqual([done, done]);
  expect(ours.said()).toContain('_talos/worker.yaml holds no secrets: this rehearsal adds made-up ones');
  expect(office.said()).toMatch(/10\.77\.0\.0\/24 \(here 127\.\d+\.0\.0\/16\) has another DHCP server/);
  // Each has a segment of its own: the machines of the one are none of the other.
  const nets = [first, second].map(({ addresses }) => new Set(addresses.map((one) => one.split('.')[1])));
  expect(nets.map((net) => net.size)).toEqual([1, 1]);
  expect([...(nets[0] ?? [])]).not.toEqual([...(nets[1] ?? [])]);
  // What is to be said of the inventory names the operator's own files, as `check` does, and not the copy that is played.
  const problemsOf = async (...args: string[]): Promise<readonly Problem[]> =>
    JSON.parse((await run(args)).out).problems;
  const told = await problemsOf('status', '--json', '--socket', office.socket);
  const checked = await problemsOf('check', '--json', folder);
  expect(told).toEqual(checked.filter(({ message }) => !message.includes('holds no secrets')));
  expect(told).toMatchObject([{ file: 'rack-7/node-02.yaml', line: 9, column: 9 }]);
});

import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import { BUNDLE, run } from './run-program.ts';

const EXAMPLE = new URL('../../inventory', import.meta.url).pathname;

test('a newcomer rehearses the example inventory as it is delivered, up to machines that are ready', {
  timeout: 120_000,
}, async () => {
  const args = ['demo', '--plain', '--inventory', EXAMPLE, '--faults', 'none', '--speed', '60'];
  const demo = spawn(process.execPath, [BUNDLE, ...args], { stdio: ['ignore', 'pipe', 'ignore'] });
  const exited = new Promise((resolve) => demo.once('exit', resolve));
  let said = '';
  demo.stdout.on('data', (bytes: Buffer) => {
    said += bytes.toString();
  });
  try {
    const socket = `/tmp/crashcart-demo-${demo.pid}/state/control.sock`;
    for (let left = 200; left > 0 && !existsSync(socket); left--) await new Promise((again) => setTimeout(again, 250));
    // node-03 has no BMC: the simulated person presses its button. node-02 is protected.
    const machines = ['node-01', 'node-03'];
    const done = await run([
      'provision',
      ...machines,
      '--wait',
      '--timeout',
      '50',
      '--json',
      '--take',
      '--socket',
      socket,
    ]);
    expect(done.code, done.out + done.err).toBe(0);
    expect(said).toContain('_talos/worker.yaml holds no secrets: this rehearsal adds made-up ones');
    const { nodes } = JSON.parse(done.out) as { nodes: { name: string; lastJob?: { outcome: string } }[] };
    expect(nodes.map((node) => [node.name, node.lastJob?.outcome])).toEqual(machines.map((name) => [name, 'done']));
  } finally {
    demo.kill('SIGTERM');
    await exited;
  }
});

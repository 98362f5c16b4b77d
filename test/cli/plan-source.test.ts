import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { planCommand } from '../../src/cli/commands/plan.ts';
import { type HostedEngine, hostEngine, type Ran, run } from './hosted-engine.ts';
import { NODES } from './recorded-site.ts';

/** Whose inventory a plan is of: the engine's that runs, or the folder that was named. */

const [one, , three] = NODES;
if (one === undefined || three === undefined) throw new Error('three machines are needed');

let host: HostedEngine;
beforeEach(async () => {
  host = await hostEngine();
});
afterEach(() => host.stop());

const plan = (argv: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ran> =>
  run([planCommand], ['plan', ...argv], { CRASHCART_SOCKET: host.socket, ...env });

describe('a plan without --inventory', () => {
  test('is that of the engine that runs, and says so', async () => {
    const { code, out, err } = await plan([one.name]);
    expect([code, err]).toEqual([0, '']);
    expect(out).toContain(`== ${one.name}: install, profile talos, v1.13.9, amd64\n`);
    expect(out).toContain(`source     the running engine: site lab, ${host.socket}\n`);
  });

  test('tells scripts the same, with what the engine would refuse now', async () => {
    host.live.engine.emit({ type: 'operator.held', node: one.name, why: 'DIMM', by: { user: 'ada', from: 'tty1' } });
    const { code, out } = await plan([one.name, '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject([
      {
        node: one.name,
        kind: 'install',
        source: expect.stringMatching(/^the running engine/),
        plan: { hash: 'plan-install' },
        refusals: [expect.stringMatching(/on hold: DIMM/)],
      },
    ]);
  });

  test('of a machine that cannot be planned is a no, with the reason', async () => {
    const { code, out, err } = await plan([one.name, three.name]);
    expect([code, err]).toEqual([1, `${three.name}: its image is not in the vault\n`]);
    expect(out).toContain(`== ${one.name}`);
  });

  test('of a machine that the engine does not know names the engine', async () => {
    const { code, err } = await plan(['r99-u99']);
    expect([code, err]).toEqual([
      2,
      `crashcart: there is no machine named r99-u99 in the inventory of the engine (${host.socket})\n`,
    ]);
  });

  test('of a socket that was named and does not answer cannot run', async () => {
    const { code, err } = await plan([one.name, '--socket', join(host.site.dir, 'missing.sock')]);
    expect([code, err]).toEqual([3, expect.stringContaining('no engine is running here')]);
  });
});

describe('a plan of a folder', () => {
  test.each<readonly [string, readonly string[], Readonly<Record<string, string>>]>([
    ['that was named', ['--inventory', 'missing'], {}],
    ['of the environment', [], { CRASHCART_INVENTORY: 'missing' }],
  ])('%s is read, though an engine runs', async (_name, argv, env) => {
    const { code, err } = await plan([one.name, ...argv], env);
    expect([code, err]).toEqual([2, expect.stringContaining('there is no inventory folder missing')]);
  });

  test('follows a socket that a crash left, and says so', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'crashcart-stale-'));
    const path = join(folder, 'control.sock');
    // What answers nobody, as after a crash.
    copyFileSync(new URL(import.meta.url).pathname, path);
    const { code, err } = await plan([one.name], { CRASHCART_SOCKET: path });
    expect(code).toBe(2);
    expect(err).toMatch(/is not a private socket.*; planned from the folder/);
    rmSync(folder, { recursive: true });
  });
});

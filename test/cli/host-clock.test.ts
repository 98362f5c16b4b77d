import { afterEach, beforeEach, expect, test } from 'vitest';
import { statusCommand } from '../../src/cli/commands/status.ts';
import { type HostedEngine, hostEngine, run } from './hosted-engine.ts';
import { NODES } from './recorded-site.ts';

/** The host's clock was set while the engine runs: a command beside it counts ages in the engine's time. */

const [one] = NODES;
if (one === undefined) throw new Error('a machine is needed');

let host: HostedEngine;
beforeEach(async () => {
  host = await hostEngine();
});
afterEach(() => host.stop());

test('status shows the ages that are true, and says what happened', async () => {
  const env = { CRASHCART_SOCKET: host.socket };
  const { engine } = host.live;
  const ageOf = (out: string) =>
    out
      .split('\n')
      .find((line) => line.startsWith(one.name))
      ?.split(/\s+/)
      .at(-1);
  // The time of this engine is one of long ago.
  expect(ageOf((await run([statusCommand], ['status'], env)).out)).toMatch(/^\d+d$/);
  const aheadMs = engine.now() - Date.now();
  engine.emit({ type: 'clock.stepped', byMs: -aheadMs, aheadMs });
  const { out } = await run([statusCommand], ['status'], env);
  expect(out).toMatch(/^clock WARNS: set forward by \d+ days while this engine runs/);
  expect(ageOf(out)).toMatch(/^[0-9]:[0-9]{2}$/);
});

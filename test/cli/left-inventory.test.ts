import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { cancelCommand } from '../../src/cli/commands/cancel.ts';
import { powerCommand } from '../../src/cli/commands/power.ts';
import { provisionCommand } from '../../src/cli/commands/provision.ts';
import { statusCommand } from '../../src/cli/commands/status.ts';
import type { NodeSpec } from '../../src/core/spec.ts';
import { type HostedEngine, hostEngine, type Ran, run, willing } from './hosted-engine.ts';
import { NODES } from './recorded-site.ts';

/** Commands that wait for a machine whose file is taken away meanwhile say which one it was, and what that did to its job. */

const [one, two] = NODES;
if (one === undefined || two === undefined) throw new Error('two machines are needed');

let host: HostedEngine;
beforeEach(async () => {
  // Its BMC says nothing of power and of overrides.
  host = await hostEngine((effect) => (effect.type === 'bmc.power' ? undefined : willing(effect)));
});
afterEach(() => host.stop());

const COMMANDS = [provisionCommand, powerCommand, cancelCommand, statusCommand];
const cli = (...argv: readonly string[]): Promise<Ran> => run(COMMANDS, argv, { CRASHCART_SOCKET: host.socket });
const leave = (...nodes: readonly NodeSpec[]) =>
  host.live.engine.emit({
    type: 'inventory.loaded',
    nodes,
    site: 'lab',
    hash: 'h2',
    warnings: [],
    remembers: true,
  });

async function until(isTrue: () => boolean): Promise<void> {
  const end = performance.now() + 30_000;
  while (!isTrue() && performance.now() < end) await delay(5);
  expect(isTrue()).toBe(true);
}

const armed = () => host.effects.some((effect) => effect.type === 'bmc.bootFromNetwork');
const LEFT = 'it left the inventory, and that ended its install job; its file, if it comes back, arms nothing';

test('provision --wait', async () => {
  const waiting = cli('provision', one.name, '--wait');
  await until(armed);
  await delay(600);
  leave(two);
  const { code, out } = await waiting;
  expect(code).toBe(1);
  expect(out).toMatch(new RegExp(`\\d\\d:\\d\\d:\\d\\d ${one.name}: ${LEFT}\n`));
  expect(out).toMatch(new RegExp(`\n\n${one.name}: ${LEFT}\n$`));
  expect((await cli('status')).out).toMatch(new RegExp(`^${one.name}, .* ago: ${LEFT}\n`));
  expect((await cli('status', one.name)).err).toContain(`there is no machine named ${one.name}: ${LEFT}`);
});

test('provision --wait --json has it beside the rows', async () => {
  const waiting = cli('provision', one.name, '--wait', '--json');
  await until(armed);
  leave(two);
  expect(JSON.parse((await waiting).out)).toEqual({
    timedOut: false,
    nodes: [],
    left: [{ name: one.name, why: LEFT }],
  });
});

test('provision --wait of one that is back before anybody looked has the note in its row', async () => {
  const waiting = cli('provision', one.name, '--wait');
  await until(armed);
  leave(two);
  leave(one, two);
  const { code, out } = await waiting;
  expect(code).toBe(1);
  expect(out).toContain('its install job was ended: its file was gone from the inventory for a time; arm it again');
});

test('power', async () => {
  const waiting = cli('power', one.name, 'reset');
  await until(() => host.effects.some((effect) => effect.type === 'bmc.power'));
  leave(two);
  expect(await waiting).toMatchObject({
    code: 1,
    out: `${one.name}: it left the inventory before its BMC had answered: what became of the order is not known\n`,
  });
});

test('cancel', async () => {
  await cli('provision', one.name);
  await until(armed);
  const waiting = cli('cancel', one.name);
  await until(() => host.effects.some((effect) => effect.type === 'bmc.clearOverride'));
  leave(two);
  const { code, out } = await waiting;
  expect(code).toBe(1);
  expect(out).toContain('it left the inventory, and its BMC with it; look there what it boots next');
});

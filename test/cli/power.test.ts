import { userInfo } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { powerCommand } from '../../src/cli/commands/power.ts';
import { type HostedEngine, hostEngine, type Ran, run, willing } from './hosted-engine.ts';
import { boot, NODES } from './recorded-site.ts';

/** What `power` says beside its answer: what it waits for, and what it would cut. */

const [one, two] = NODES;
if (one === undefined || two === undefined) throw new Error('two machines are needed');

let host: HostedEngine;
beforeEach(async () => {
  host = await hostEngine();
});
afterEach(() => host.stop());

const cli = (...argv: readonly string[]): Promise<Ran> => run([powerCommand], argv, { CRASHCART_SOCKET: host.socket });

async function until(isTrue: () => boolean): Promise<void> {
  const end = performance.now() + 30_000;
  while (!isTrue() && performance.now() < end) await delay(5);
}

test('a BMC that takes its time is told on stderr, once for each thing that is waited for', async () => {
  await host.stop();
  host = await hostEngine((effect) => (effect.type === 'bmc.power' ? undefined : willing(effect)));
  const slow = cli('power', one.name, 'reset');
  await until(() => host.effects.length === 1);
  const order = host.effects[0];
  if (order?.type !== 'bmc.power') throw new Error(order?.type);
  await delay(2500);
  host.live.engine.emit({ type: 'bmc.powerAsked', node: one.name, action: 'reset' });
  await delay(1500);
  const answer = willing(order);
  if (answer !== undefined) host.live.engine.emit(answer);
  const { code, out, err } = await slow;
  const { username } = userInfo();
  expect([code, out]).toEqual([0, `${one.name}: on\n`]);
  expect(err).toBe(
    [
      `${one.name}: power reset by ${username}, waits for its BMC: whose it is\n`,
      `${one.name}: power reset by ${username}, waits for its BMC to switch its power\n`,
    ].join(''),
  );
});

describe('in the middle of an installation', () => {
  const install = () => {
    boot(host.live, one, 'initrd');
    host.live.engine.emit({ type: 'talos.installing', node: one.name, percent: 41.2 });
  };

  test.each(['off', 'forceOff', 'cycle', 'reset'])('%s says what it cuts, and wants the name', async (word) => {
    install();
    const refused = await cli('power', one.name, two.name, word);
    expect(refused).toMatchObject({ code: 1, out: '' });
    expect(refused.err).toContain(`crashcart: ${one.name} is installing (41 %): this cuts it`);
    expect(refused.err).toContain(`--confirm ${one.name}\n`);
    expect((await cli('power', one.name, word, '--confirm', two.name)).code).toBe(1);
    expect(JSON.parse((await cli('power', one.name, word, '--json')).out)).toEqual({
      error: expect.stringContaining('is installing'),
    });
    expect(host.effects.filter((effect) => effect.type === 'bmc.power')).toEqual([]);

    const done = await cli('power', one.name, two.name, word, '--confirm', one.name);
    expect([done.code, done.err]).toEqual([0, `crashcart: ${one.name} is installing (41 %): this cuts it\n`]);
    expect(host.effects.filter((effect) => effect.type === 'bmc.power')).toHaveLength(2);
  });

  test('what cuts nothing wants nothing', async () => {
    install();
    expect(await cli('power', one.name, 'on')).toMatchObject({ code: 0, err: '' });
    expect(await cli('power', one.name, 'status')).toMatchObject({ code: 0, err: '' });
    expect(await cli('power', two.name, 'cycle')).toMatchObject({ code: 0, err: '' });
  });
});

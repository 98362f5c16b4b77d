import { afterEach, beforeEach, expect, test } from 'vitest';
import { bootstrapCommand } from '../../src/cli/commands/bootstrap.ts';
import type { EventBody } from '../../src/core/event.ts';
import { specOf } from '../core/kit.ts';
import { type HostedEngine, hostEngine, type Ran, run } from './hosted-engine.ts';
import { load } from './recorded-site.ts';

/** Explicit, confirmed, once per cluster: at the command line of a real engine; only the Talos API is made up. */

let host: HostedEngine;
let problem: string | undefined;
beforeEach(async () => {
  problem = undefined;
  host = await hostEngine((effect): EventBody | undefined =>
    effect.type === 'talos.bootstrap'
      ? {
          type: 'talos.bootstrapEnded',
          node: effect.node,
          already: false,
          ...(problem === undefined ? {} : { problem }),
        }
      : undefined,
  );
  const cp = (name: string) => specOf(name, { role: 'controlplane' });
  const { engine } = host.live;
  await engine.emitDurably([load(cp('node-01'), cp('node-02'), specOf('node-03'))]);
  for (const node of ['node-01', 'node-02', 'node-03'])
    engine.emit({ type: 'talos.stageChanged', node, stage: 'running', ready: false, unmet: ['services: etcd'] });
});
afterEach(() => host.stop());

const cli = (...argv: readonly string[]): Promise<Ran> =>
  run([bootstrapCommand], ['bootstrap', ...argv], { CRASHCART_SOCKET: host.socket });
const sent = () => host.effects.flatMap((one) => (one.type === 'talos.bootstrap' ? [one.node] : []));

test.each<readonly [string, readonly string[], number, RegExp]>([
  ['without its name typed once more', ['node-01'], 2, /cannot be taken back: --confirm NODE/],
  ['of two machines', ['node-01', 'node-02', '--confirm', 'node-01'], 2, /etcd begins on one node/],
  ['of no machine', ['--confirm', 'node-01'], 2, /takes the names of the machines/],
  ['of a machine that is none', ['node-77', '--confirm', 'node-77'], 2, /no machine named node-77/],
  ['with another name', ['node-01', '--confirm', 'node-02'], 1, /once per cluster: type node-01 to confirm/],
  ['of a worker', ['node-03', '--confirm', 'node-03'], 1, /node-03 is no control-plane node/],
])('%s nothing is asked', async (_name, argv, code, words) => {
  expect(await cli(...argv)).toMatchObject({ code, err: expect.stringMatching(words) });
  expect(sent()).toEqual([]);
});

test('it is asked once, its end is waited for, and the second time is refused with who asked first', async () => {
  expect(await cli('node-01', '--confirm', 'node-01', '--wait')).toMatchObject({
    code: 0,
    out: 'bootstrap asked of node-01\netcd has begun on node-01\n',
  });
  for (const name of ['node-01', 'node-02'])
    expect(await cli(name, '--confirm', name, '--reason', 'once more, with feeling')).toMatchObject({
      code: 1,
      err: expect.stringMatching(/its cluster was bootstrapped: asked by .+ through node-01/),
    });
  expect(sent()).toEqual(['node-01']);
});

test('one that failed is told, and another node takes a reason', async () => {
  problem = 'Talos cannot do this now: time is not in sync yet';
  expect(await cli('node-01', '--confirm', 'node-01', '--wait')).toMatchObject({
    code: 1,
    err: expect.stringContaining('etcd was not bootstrapped: Talos cannot do this now: time is not in sync yet'),
  });
  problem = undefined;
  expect(await cli('node-02', '--confirm', 'node-02')).toMatchObject({
    code: 1,
    err: expect.stringMatching(/another node was asked before: --reason TEXT, 10 characters or more/),
  });
  expect(
    await cli('node-02', '--confirm', 'node-02', '--reason', 'the clock of node-01 is dead', '--wait'),
  ).toMatchObject({
    code: 0,
  });
  expect(sent()).toEqual(['node-01', 'node-02']);
});

test('where a control plane says that etcd runs, nothing is asked', async () => {
  const services = [{ id: 'etcd', state: 'Running', healthy: true, message: '' }];
  host.live.engine.emit({ type: 'talos.checked', node: 'node-02', facts: { services } });
  expect(await cli('node-01', '--confirm', 'node-01')).toMatchObject({
    code: 1,
    err: expect.stringMatching(/prod is bootstrapped already: etcd runs on node-02/),
  });
  expect(sent()).toEqual([]);
});

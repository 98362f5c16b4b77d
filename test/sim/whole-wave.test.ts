import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { nodesOf } from '../../src/core/fleet.ts';
import { waveWaits } from '../../src/core/wave.ts';
import { createWholeStack, type WholeStack } from './whole-stack.ts';

let stack: WholeStack | undefined;
afterEach(async () => {
  await stack?.stop();
  stack = undefined;
});

const FETCHES = new Set([
  'armed',
  'powering',
  'firmware',
  'requesting',
  'loader',
  'ipxe',
  'script',
  'kernel',
  'initrd',
]);

test('a wave goes through to its last machine, no wider than the uplink, over a pause and a new inventory', {
  timeout: 240_000,
}, async () => {
  stack = await createWholeStack({ nodes: 11, speed: 100, api: false }, (rack) =>
    appendFileSync(join(rack.inventoryFolder, '_site.yaml'), 'threads: 0\nuplink: { site: 200M }\n'),
  );
  const { node, names, order, until, world, rack } = stack;
  const nodes = names().filter((name) => node(name).spec.role === 'worker');
  const wave = () => Object.values(world.engine.fleet().waves)[0];
  const waits = () => {
    const one = wave();
    return one === undefined ? [] : waveWaits(world.engine.fleet(), one);
  };
  let widest = 0;
  const said = new Set<string>();
  world.engine.follow((_, fleet) => {
    const fetching = nodesOf(fleet).filter((one) => one.job !== undefined && FETCHES.has(one.phase.is)).length;
    widest = Math.max(widest, fetching);
    for (const why of waits()) said.add(why.replace(/^\d+/, 'N'));
  });
  const kind = 'install';
  const started = await order({
    type: 'wave',
    kind,
    nodes,
    planHashes: {},
    confirmed: '',
    canary: 1,
    width: 4,
    stopAfterFailures: 2,
  });
  expect(started).toMatchObject({ ok: true });
  const [first = ''] = nodes;
  await until(() => node(first).phase.is === 'ready', 90_000);

  const id = wave()?.id ?? '';
  expect(await order({ type: 'wavePause', wave: id })).toMatchObject({ ok: true });
  // What is read anew is rendered anew, also for those that wait.
  const file = join(rack.inventoryFolder, '_site.yaml');
  writeFileSync(file, readFileSync(file, 'utf8').replace('uplink: { site: 200M }', 'uplink: { site: 250M }'));
  await world.reload();
  await until(() => world.engine.fleet().uplink?.site === 250e6, 60_000);
  expect(await order({ type: 'waveResume', wave: id })).toMatchObject({ ok: true });

  await until(() => wave()?.state === 'done', 150_000);
  expect(nodes.map((name) => [name, wave()?.ended[name]?.outcome])).toEqual(nodes.map((name) => [name, 'done']));
  expect(widest).toBe(2);
  expect([...said]).toContain('N wait for the uplink (200 Mbit/s: 2 boots at a time)');
});

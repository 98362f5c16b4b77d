import { expect, test } from 'vitest';
import { createLateScreenPort } from '../../src/link/late-screen-port.ts';
import { sampleFleet } from '../ui/sample-fleet.ts';
import { createFakePort } from '../ui/screen/fake-port.ts';

test('until the engine is there every question has one answer, and nobody is told anything', async () => {
  const { port } = createLateScreenPort('it starts');
  let heard = 0;
  port.subscribe(() => heard++);
  const no = { ok: false, error: 'it starts' };
  expect(await port.act({ type: 'panic', on: true })).toEqual(no);
  expect(await port.services()).toEqual(no);
  expect(await port.preview(['a'], 'wipe')).toEqual(no);
  expect(await port.consoleCommand?.('a')).toEqual(no);
  expect(heard).toBe(0);
});

test('then whoever subscribed before hears of it, and may stop hearing', async () => {
  const late = createLateScreenPort('it starts');
  const real = createFakePort(sampleFleet('normal'));
  let heard = 0;
  const stop = late.port.subscribe(() => heard++);
  const never = late.port.subscribe(() => {
    throw new Error('it was not wanted any more');
  });
  never();
  late.open(real);
  expect(heard).toBe(1);
  real.send(sampleFleet('failure'));
  expect(heard).toBe(2);
  stop();
  real.send(sampleFleet('normal'));
  expect(heard).toBe(2);
  expect(await late.port.act({ type: 'retry', nodes: ['r07-u33'] })).toEqual({ ok: true, value: 'done' });
  expect(real.acted).toEqual([{ type: 'retry', nodes: ['r07-u33'] }]);
});

test('whoever subscribed hears of the next engine, and of the lost one nothing more', async () => {
  const late = createLateScreenPort('it starts');
  const [first, second] = [createFakePort(sampleFleet('normal')), createFakePort(sampleFleet('failure'))];
  const heard: unknown[] = [];
  const stop = late.port.subscribe(({ fleet }) => heard.push(fleet));
  late.open(first);
  late.lose('it is gone');
  first.send(sampleFleet('empty'));
  expect(heard).toEqual([sampleFleet('normal')]);
  expect(await late.port.services()).toEqual({ ok: false, error: 'it is gone' });
  late.open(second);
  expect(heard).toEqual([sampleFleet('normal'), sampleFleet('failure')]);
  expect(await late.port.act({ type: 'retry', nodes: ['r07-u33'] })).toEqual({ ok: true, value: 'done' });
  expect([first.acted.length, second.acted.length]).toEqual([0, 1]);
  stop();
  second.send(sampleFleet('normal'));
  expect(heard).toHaveLength(2);
});

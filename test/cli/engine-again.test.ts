import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { keepDialling } from '../../src/cli/keep-dialling.ts';
import { connectLink, type Hello, type LinkClient } from '../../src/link/connect-link.ts';
import { dialControl } from '../../src/link/control-socket.ts';
import type { FromClient, FromEngine } from '../../src/link/link-protocol.ts';
import { LINK_VERSION } from '../../src/link/link-protocol.ts';
import { createSocketCarrier } from '../../src/link/socket-carrier.ts';
import { makeFolder } from '../whole/run-program.ts';
import { hostEngine } from './hosted-engine.ts';

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).toReversed()) await step();
});

async function dial(path: string, manner: Partial<Hello> = {}): Promise<LinkClient> {
  const socket = await dialControl(path);
  if (!socket.ok) throw new Error(socket.error);
  const hello = { user: 'ada', from: 'tty1', screen: 'attach', write: true, ...manner };
  const client = await connectLink(createSocketCarrier<FromClient, FromEngine>(socket.value), hello);
  if (!client.ok) throw new Error(client.error);
  undo.push(client.value.close);
  return client.value;
}

/** What the engine tells of the write side comes over a socket. */
async function until(holds: () => boolean): Promise<void> {
  for (let left = 400; left > 0 && !holds(); left--) await new Promise((again) => setTimeout(again, 10));
  expect(holds()).toBe(true);
}

test('who looked on until the engine ended does not take the write side first, and gets it only after who held it', async () => {
  const host = await hostEngine();
  undo.push(host.stop);
  const patient = await dial(host.socket, { patient: true });
  expect(patient.write()).toEqual({ mine: false, holder: 'nobody' });
  const order = await dial(host.socket, { brief: true });
  expect(order.write().mine).toBe(true);
  const holder = await dial(host.socket);
  expect(holder.write().mine).toBe(false);
  order.close();
  await until(() => holder.write().mine);
  expect(patient.write().mine).toBe(false);
  holder.close();
  await until(() => patient.write().mine);
});

test('one run of the engine is told from the next', async () => {
  const host = await hostEngine();
  undo.push(host.stop);
  const [one, same] = [await dial(host.socket), await dial(host.socket)];
  expect(one.engine.startedAt).toBeGreaterThan(0);
  expect(same.engine).toEqual(one.engine);
});

test('it is dialled until somebody answers, and each refusal is told: that of another release by its own words', async () => {
  const path = join(makeFolder({}), 'control.sock');
  const told: string[] = [];
  const back = new Promise<void>((resolve, reject) => {
    const stop = keepDialling({ dial: () => dial(path), failed: (why) => told.push(why), back: () => resolve() });
    undo.push(stop, () => reject(new Error('it ended')));
  });
  back.catch(() => undefined);
  await until(() => told.some((why) => why.startsWith('no engine is running here')));
  const newer = createServer((socket) => {
    const refusal = { t: 'refused', reason: 'the engine speaks link version 9, this program 2' };
    socket.once('data', () => socket.end(`${JSON.stringify(refusal)}\n`));
  });
  const mask = process.umask(0o177);
  await new Promise<void>((resolve) => newer.listen(path, resolve));
  process.umask(mask);
  await until(() => told.includes('the engine speaks link version 9, this program 2'));
  await new Promise((closed) => newer.close(closed));
  const older = createServer((socket) => {
    const welcome = { t: 'welcome', version: LINK_VERSION, program: 'crashcart 0.9', write: { mine: true } };
    socket.once('data', () => socket.write(`${JSON.stringify(welcome)}\n`));
  });
  process.umask(0o177);
  await new Promise<void>((resolve) => older.listen(path, resolve));
  process.umask(mask);
  undo.push(() => older.close());
  await back;
});

test('nobody dials any more once that is over', async () => {
  const path = join(makeFolder({}), 'control.sock');
  let tries = 0;
  const stop = keepDialling({
    dial: () => dial(path),
    failed: () => {
      tries += 1;
      stop();
    },
    back: () => undefined,
  });
  await until(() => tries === 1);
  await new Promise((later) => setTimeout(later, 800));
  expect(tries).toBe(1);
});

test('of an order that was under way when the engine went nobody knows whether it was taken', async () => {
  const host = await hostEngine();
  const client = await dial(host.socket);
  const asked = client.ask({ type: 'act', action: { type: 'panic', on: true } });
  client.close();
  expect(await asked).toMatchObject({ ok: false, error: expect.stringContaining('nobody knows whether it took this') });
  expect(await client.ask({ type: 'services' })).toMatchObject({ ok: false });
  await host.stop();
});

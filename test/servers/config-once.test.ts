import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { nodeOf } from '../../src/core/fleet.ts';
import { fleetText, parseFleet } from '../../src/core/fleet-json.ts';
import type { NodeState } from '../../src/core/node.ts';
import type { SubnetSpec } from '../../src/core/spec.ts';
import { createAddressBook } from '../../src/netboot/address-book.ts';
import { answerHttp } from '../../src/netboot/answer-http.ts';
import { createTokenBook } from '../../src/netboot/attempt-token.ts';
import { parseHttpRequest } from '../../src/protocols/http/parse-http-request.ts';
import { arm, CONFIG, nodeSpec, planOf, sha256, subnet, uuidOf } from '../netboot/boot-fixture.ts';
import { attemptPath } from './attempt-path.ts';
import { type BootStack, startBootStack } from './boot-stack.ts';
import { httpGet } from './sim-machine.ts';

/** The configuration holds keys: whole, once, to the machine of the attempt. */

const MAC = '52:54:00:00:00:01';
const NODE = '127.77.0.50';
const BIG = `${CONFIG}# ${'x'.repeat(24_000_000)}\n`;
let stack: BootStack;
beforeEach(async () => {
  stack = await startBootStack({ nodes: [nodeSpec('n1', MAC)] });
});
afterEach(async () => stack.stop());

const get = (path: string, from = NODE) => httpGet(`http://127.0.0.1:${stack.ports.http}${path}`, from, {}, 'GET');
const node = (): NodeState => {
  const found = nodeOf(stack.engine.fleet(), 'n1');
  if (found === undefined) throw new Error('n1 is gone');
  return found;
};
const typesTold = () => stack.engine.events.map((event) => event.type);
const served = (times: number) =>
  vi.waitFor(() => expect(typesTold().filter((type) => type === 'http.configServed')).toHaveLength(times), 20_000);

const lease = (address: string, of = 'n1', mac = MAC) =>
  stack.engine.emit({ type: 'lease.granted', mac, address, until: stack.engine.now() + 60_000, node: of });

async function openAttempt(text = CONFIG, { leased = true } = {}): Promise<string> {
  if (leased) lease(NODE);
  const plan = planOf('install', stack.images, { configHash: sha256(text) });
  const port = arm(stack.engine, 'n1', 'install', plan);
  stack.render({ of: (name) => ({ ...port.of(name), configText: text }) as ReturnType<typeof port.of> });
  const script = await get(`/s?mac=${MAC}&uuid=${uuidOf(MAC)}&serial=SN-n1&buildarch=x86_64&platform=efi`);
  return `${attemptPath(script.body)}/config.yaml`;
}

const sinkSpeaks = () => stack.engine.emit({ type: 'talos.phaseStarted', node: 'n1', phase: 'config' });

test('a fetch that is cut is told as cut, counts for nothing, and may be repeated', async () => {
  const path = await openAttempt(BIG);
  const cut = connect({ host: '127.0.0.1', port: stack.ports.http, localAddress: NODE });
  await once(cut, 'connect');
  cut.write(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`);
  await once(cut, 'data');
  cut.destroy();
  await vi.waitFor(() => expect(typesTold().at(-1)).toBe('http.configCut'), 20_000);
  expect(node().attempt?.configServedAt).toBeUndefined();
  sinkSpeaks();
  expect((await get(path)).body.length).toBe(BIG.length);
  await served(1);
});

test('a machine that is gone before it read the end did not get it, although the kernel took all bytes', async () => {
  const path = await openAttempt();
  const cut = connect({ host: '127.0.0.1', port: stack.ports.http, localAddress: NODE });
  await once(cut, 'connect');
  cut.pause();
  cut.write(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`);
  await vi.waitFor(() => expect(stack.engine.events.length).toBeGreaterThan(0));
  await new Promise((resolve) => setTimeout(resolve, 100));
  cut.resetAndDestroy();
  await vi.waitFor(() => expect(typesTold().at(-1)).toBe('http.configCut'), 20_000);
});

test('after the whole of it a machine that reports gets no second one, and node and log say why', async () => {
  const path = await openAttempt();
  expect((await get(path)).status).toBe(200);
  await served(1);
  sinkSpeaks();
  const again = await get(path);
  expect(again.status).toBe(403);
  expect(again.body.toString()).toMatch(/^served whole at \d\d:\d\d:\d\d UTC already, and not refused by the machine/);
  expect(stack.engine.events.at(-1)).toMatchObject({ type: 'http.configRefused', node: 'n1' });
  expect(node().evidence.at(-1)?.text).toMatch(/^machine configuration refused: served whole at/);
  expect(stack.logs.at(-1)?.text).toMatch(/^403 \/t\/…\/config.yaml: served whole at/);
});

test('a machine that says it refused it may fetch it again', async () => {
  const path = await openAttempt();
  await get(path);
  await served(1);
  sinkSpeaks();
  stack.engine.emit({ type: 'talos.configFailed', node: 'n1', message: 'unknown key' });
  expect((await get(path)).status).toBe(200);
  await served(2);
});

test('a machine that reports nothing is not stranded, and the third time says what that means', async () => {
  const path = await openAttempt();
  for (const times of [1, 2, 3]) {
    expect((await get(path)).status).toBe(200);
    await served(times);
  }
  expect(node().health).toMatchObject({ is: 'failed', code: 'CONFIG_BAD' });
  expect(node().attempt?.configServes).toBe(3);
});

test('nothing is given once the machine went on, though it reports nothing', async () => {
  const path = await openAttempt();
  await get(path);
  await served(1);
  stack.engine.emit({ type: 'talos.maintenanceEntered', node: 'n1' });
  expect((await get(path)).status).toBe(403);
});

test('who hammers with a token that is used up costs the journal ten lines', async () => {
  const path = await openAttempt();
  await get(path);
  await served(1);
  sinkSpeaks();
  for (let ask = 0; ask < 40; ask += 1) await get(path);
  expect(typesTold().filter((type) => type === 'http.configRefused').length).toBeLessThanOrEqual(11);
});

test('a new boot of the same job gets its own', async () => {
  const path = await openAttempt();
  await get(path);
  await served(1);
  stack.engine.emit({ type: 'talos.panicked', node: 'n1', message: 'Oops' });
  stack.engine.advance(60_000);
  const script = await get(`/s?mac=${MAC}&uuid=${uuidOf(MAC)}&serial=SN-n1&buildarch=x86_64&platform=efi`);
  const next = `${attemptPath(script.body)}/config.yaml`;
  expect(next).not.toBe(path);
  expect([(await get(path)).status, (await get(next)).status]).toEqual([404, 200]);
});

test('a restart of the program does not forget that it was served', async () => {
  const path = await openAttempt();
  await get(path);
  await served(1);
  sinkSpeaks();
  const kept = parseFleet(JSON.parse(fleetText(stack.engine.fleet())));
  if (!kept.ok) throw new Error(kept.error);
  const fleet = kept.value;
  const request = parseHttpRequest(Buffer.from(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`));
  if (!request.ok) throw new Error(request.error.reason);
  const view = {
    ...stack.parts,
    site: stack.parts.site(),
    fleet,
    at: stack.engine.now(),
    tokens: createTokenBook(Buffer.from('a site secret')),
    addresses: createAddressBook(fleet),
  };
  expect(answerHttp(view, request.value, { address: NODE, base: 'http://127.0.0.1' })).toMatchObject({ status: 403 });
});

test('a machine that says it refused it, or says nothing, gets it three times and never a fourth', async () => {
  const path = await openAttempt();
  for (const times of [1, 2, 3]) {
    expect((await get(path)).status).toBe(200);
    await served(times);
  }
  stack.engine.emit({ type: 'talos.configFailed', node: 'n1', message: 'unknown key' });
  const fourth = await get(path);
  expect([fourth.status, fourth.body.toString()]).toEqual([
    403,
    'served whole 3 times in this boot already; arm the machine anew for another boot\n',
  ]);
});

test('ten minutes after the first time nobody gets it any more, though the machine reports nothing', async () => {
  const path = await openAttempt();
  await get(path);
  await served(1);
  stack.engine.advance(9 * 60_000);
  expect((await get(path)).status).toBe(200);
  stack.engine.advance(60_000);
  expect((await get(path)).status).toBe(403);
});

describe('the address', () => {
  const boots = (options: Partial<SubnetSpec>) =>
    startBootStack({ nodes: [nodeSpec('n1', MAC)], networks: [subnet(options)] });

  test('of who knows the names of a machine, and has no lease as that machine, opens nothing', async () => {
    const path = await openAttempt(CONFIG, { leased: false });
    const got = await get(path);
    expect([got.status, got.body.toString()]).toEqual([
      404,
      'asked for from 127.77.0.50, which is not an address of n1: it has no lease of ours\n',
    ]);
  });

  test.each<[string, Partial<SubnetSpec>]>([
    ['beside another server', { dhcp: 'proxy' }],
    ['after another server', { answerAfterSeconds: 4 }],
    ['where we give no addresses', { dhcp: 'off' }],
  ])('%s is the one from which this boot asked', async (_where, options) => {
    await stack.stop();
    stack = await boots(options);
    const path = await openAttempt(CONFIG, { leased: false });
    expect([(await get(path, '127.77.0.66')).status, (await get(path)).status]).toEqual([404, 200]);
  });

  test('of another machine opens no image and hands nothing off', async () => {
    const path = await openAttempt();
    stack.engine.load([nodeSpec('n1', MAC), nodeSpec('n2', '52:54:00:00:00:02')]);
    lease('127.77.0.51', 'n2', '52:54:00:00:00:02');
    for (const what of ['kernel', 'initrd', 'handoff']) {
      const asked = path.replace('config.yaml', what);
      expect([what, (await get(asked, '127.77.0.51')).status]).toEqual([what, 404]);
      expect([what, (await get(asked)).status]).toEqual([what, 200]);
    }
    expect(stack.logs.map(({ text }) => text)).toContainEqual(
      expect.stringContaining('the token of n1, used from 127.77.0.51, which is an address of n2'),
    );
  });

  test('must be that of the lease while there is one', async () => {
    const path = await openAttempt();
    lease('127.77.1.9');
    const got = await get(path);
    expect([got.status, got.body.toString()]).toEqual([
      404,
      'asked for from 127.77.0.50, which is not an address of n1: its lease is 127.77.1.9\n',
    ]);
    expect((await get(path, '127.77.1.9')).status).toBe(200);
  });

  test('follows a lease that changed', async () => {
    const path = await openAttempt();
    lease('127.77.1.9');
    lease('127.77.1.10');
    expect([(await get(path, '127.77.1.9')).status, (await get(path, '127.77.1.10')).status]).toEqual([404, 200]);
  });

  test('of a lease that another machine has now is no longer its own', async () => {
    const path = await openAttempt();
    stack.engine.load([nodeSpec('n1', MAC), nodeSpec('n2', '52:54:00:00:00:02')]);
    lease(NODE, 'n2', '52:54:00:00:00:02');
    expect((await get(path)).status).toBe(404);
  });
});

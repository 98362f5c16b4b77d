import { request } from 'node:http';
import { connect } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { metricsAddress } from '../../src/cli/service-counts.ts';
import { PHASES } from '../../src/core/phase.ts';
import type { PoolUse } from '../../src/netboot/pool-use.ts';
import { createSilenceTally } from '../../src/netboot/silence.ts';
import { createMetrics } from '../../src/servers/create-metrics.ts';
import type { BootServer } from '../../src/servers/server-parts.ts';
import { createTestEngine, nodeSpec, type TestEngine } from '../netboot/boot-fixture.ts';
import { type Family, parseExposition } from './exposition.ts';

let server: BootServer | undefined;
afterEach(async () => {
  await server?.stop();
  server = undefined;
});

const TRAFFIC = [
  ['DHCP', { requests: 12, errors: 1, bytes: 0 }],
  ['kernel log', { requests: 5, errors: 0, bytes: 0 }],
  ['HTTP', { requests: 3, errors: 0, bytes: 1e9 }],
] as const;

const POOL: PoolUse = {
  subnet: '10.77.0.0/24',
  addresses: { free: 90, reserved: 4, offered: 1, leased: 3, declined: 1, foreign: 1 },
};

function silences() {
  const tally = createSilenceTally();
  tally.add('stranger');
  tally.add('stranger');
  return tally.counts();
}

async function start(engine: TestEngine, address = '127.0.0.1'): Promise<{ address: string; port: number }> {
  const made = await createMetrics({
    engine,
    bind: { address, port: 0 },
    version: '1.2.3',
    counts: () => ({ dhcp_received_total: 12, tftp_active_transfers: 2 }),
    traffic: () => TRAFFIC,
    dhcp: { pools: () => [POOL], silences: () => [['DHCP', silences()]] },
  });
  if (!made.ok) throw new Error(made.error.why);
  server = made.value;
  return { address, port: made.value.listens[0]?.port ?? 0 };
}

function ask(at: { address: string; port: number }, path = '/metrics', method = 'GET') {
  return new Promise<{ status: number; type: string; text: string }>((resolve, reject) => {
    const asked = request({ host: at.address, port: at.port, path, method, agent: false }, (answer) => {
      let text = '';
      answer.setEncoding('utf8');
      answer.on('data', (part) => {
        text += part;
      });
      answer.on('end', () =>
        resolve({ status: answer.statusCode ?? 0, type: answer.headers['content-type'] ?? '', text }),
      );
    });
    asked.on('error', reject);
    asked.end();
  });
}

const machines = (count: number) =>
  Array.from({ length: count }, (_, at) => {
    const hex = at.toString(16).padStart(4, '0');
    return nodeSpec(`n${at}`, `52:54:00:01:${hex.slice(0, 2)}:${hex.slice(2)}`);
  });

const scrape = async (engine: TestEngine): Promise<readonly Family[]> =>
  parseExposition((await ask(await start(engine))).text);
const seriesOf = (families: readonly Family[]): number => families.reduce((sum, one) => sum + one.samples.length, 0);
const numberOf = (families: readonly Family[], name: string, labels: object = {}): number | undefined =>
  families
    .find((one) => one.name === `crashcart_${name}`)
    ?.samples.find((one) => JSON.stringify(one.labels) === JSON.stringify(labels))?.value;

test('a scraper can read all of it: each metric is described, typed and named as its type wants', async () => {
  const at = await start(createTestEngine(machines(3)));
  const { status, type, text } = await ask(at);
  expect([status, type]).toEqual([200, 'text/plain; version=0.0.4; charset=utf-8']);
  const families = parseExposition(text);
  expect(families.length).toBeGreaterThan(20);
  for (const family of families) {
    expect(family.name).toMatch(/^crashcart_/);
    expect(family.help, family.name).toMatch(/\w/);
    expect(family.type, family.name).not.toBe('untyped');
    if (family.type === 'counter') expect(family.name).toMatch(/_total$/);
    if (family.type === 'gauge') expect(family.name).not.toMatch(/_total$/);
    for (const one of family.samples) if (family.type === 'counter') expect(one.value).toBeGreaterThanOrEqual(0);
  }
});

test('what is counted is told: machines by phase, traffic by service, counters as counters', async () => {
  const families = await scrape(createTestEngine(machines(3)));
  expect(numberOf(families, 'nodes', { phase: 'idle' })).toBe(3);
  expect(numberOf(families, 'info', { version: '1.2.3' })).toBe(1);
  expect(numberOf(families, 'dhcp_received_total')).toBe(12);
  expect(numberOf(families, 'tftp_active_transfers')).toBe(2);
  for (const [service, { requests, errors, bytes }] of TRAFFIC) {
    expect(numberOf(families, 'service_requests_total', { service })).toBe(requests);
    expect(numberOf(families, 'service_errors_total', { service })).toBe(errors);
    expect(numberOf(families, 'service_sent_bytes_total', { service })).toBe(bytes);
  }
  const typeOf = (name: string) => families.find((one) => one.name === `crashcart_${name}`)?.type;
  expect([typeOf('dhcp_received_total'), typeOf('tftp_active_transfers')]).toEqual(['counter', 'gauge']);
});

test('addresses are told by subnet and state, silence by its reason, and what each reason means', async () => {
  const families = await scrape(createTestEngine([]));
  for (const [state, count] of Object.entries(POOL.addresses))
    expect(numberOf(families, 'dhcp_pool_addresses', { subnet: POOL.subnet, state })).toBe(count);
  expect(numberOf(families, 'dhcp_silent_total', { service: 'DHCP', reason: 'stranger' })).toBe(2);
  expect(numberOf(families, 'dhcp_silent_total', { service: 'DHCP', reason: 'gate' })).toBe(0);
  const help = families.find((one) => one.name === 'crashcart_dhcp_silent_total')?.help ?? '';
  for (const reason of Object.keys(silences())) expect(help).toContain(`${reason} = `);
});

test('a second reading counts nothing twice', async () => {
  const at = await start(createTestEngine(machines(2)));
  await ask(at);
  const families = parseExposition((await ask(at)).text);
  expect(numberOf(families, 'dhcp_received_total')).toBe(12);
  expect(numberOf(families, 'nodes', { phase: 'idle' })).toBe(2);
});

test('2,000 machines make as many series as two, but for phases and causes, which are words of this program', async () => {
  const few = seriesOf(await scrape(createTestEngine(machines(2))));
  await server?.stop();
  const engine = createTestEngine(machines(2_000));
  for (let at = 0; at < 2_000; at += 1) {
    const node = `n${at}`;
    engine.emit({ type: 'bmc.powerRead', node, power: at % 3 === 0 ? 'on' : 'off' });
    if (at % 2 === 0) engine.emit({ type: 'operator.held', node, why: node, by: { user: node, from: node } });
  }
  const families = await scrape(engine);
  expect(seriesOf(families)).toBeLessThan(few + PHASES.length + 60);
  for (const { samples } of families)
    for (const { labels } of samples) for (const value of Object.values(labels)) expect(value).not.toMatch(/^n\d+$/);
});

test('is on the address that the site names, and on no other', async () => {
  const at = await start(createTestEngine([]), '127.0.0.9');
  expect((await ask(at)).status).toBe(200);
  const refused = await new Promise((resolve) => {
    connect({ host: '127.0.0.1', port: at.port })
      .on('error', (error: NodeJS.ErrnoException) => resolve(error.code))
      .on('connect', () => resolve('connected'));
  });
  expect(refused).toBe('ECONNREFUSED');
});

test.each<readonly [string, { address: string; port: number }]>([
  ['127.0.0.1:9470', { address: '127.0.0.1', port: 9470 }],
  ['[::1]:9470', { address: '::1', port: 9470 }],
  ['mgmt.example:80', { address: 'mgmt.example', port: 80 }],
])('the site names it as %s', (text, where) => {
  expect(metricsAddress(text)).toEqual(where);
});

test('an address of IPv6 is one to listen on', async () => {
  const at = await start(createTestEngine([]), metricsAddress('[::1]:9470').address);
  expect((await ask(at)).status).toBe(200);
});

test.each<readonly [string, string, string, number]>([
  ['the page', '/metrics', 'GET', 200],
  ['the page with a question mark', '/metrics?module=x', 'GET', 200],
  ['its head', '/metrics', 'HEAD', 200],
  ['another page', '/', 'GET', 404],
  ['a page below', '/metrics/x', 'GET', 404],
  ['an order', '/metrics', 'POST', 404],
])('%s', async (_name, path, method, status) => {
  const got = await ask(await start(createTestEngine([])), path, method);
  expect(got.status).toBe(status);
  if (method === 'HEAD' || status === 404) expect(got.text).toBe('');
});

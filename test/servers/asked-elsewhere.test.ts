import { afterEach, expect, test, vi } from 'vitest';
import { contestedText } from '../../src/core/contested.ts';
import { nodeOf } from '../../src/core/fleet.ts';
import { arm, nodeSpec, planOf, subnet, uuidOf } from '../netboot/boot-fixture.ts';
import { attemptPath } from './attempt-path.ts';
import { type BootStack, startBootStack } from './boot-stack.ts';
import { httpGet } from './sim-machine.ts';

/** Who asks in the name of a machine from an address that it has not from us is answered, and told of. */

const MAC = '52:54:00:00:00:01';
const NODE = '127.77.0.50';
const OTHER = '127.77.0.66';
let stack: BootStack;
afterEach(async () => stack.stop());

async function bootFrom(address: string, change: Parameters<typeof subnet>[0] = {}) {
  stack = await startBootStack({
    nodes: [nodeSpec('n1', MAC)],
    networks: [subnet({ subnet: '127.77.0.0/24', ...change })],
  });
  const { engine } = stack;
  engine.emit({ type: 'lease.granted', mac: MAC, address: NODE, until: engine.now() + 60_000, node: 'n1' });
  stack.render(arm(engine, 'n1', 'install', planOf('install', stack.images)));
  const get = (path: string) => httpGet(`http://127.0.0.1:${stack.ports.http}${path}`, address, {}, 'GET');
  const script = await get(`/s?mac=${MAC}&uuid=${uuidOf(MAC)}&serial=SN-n1&buildarch=x86_64&platform=efi`);
  const root = attemptPath(script.body);
  const kernel = await get(`${root}/kernel`);
  await vi.waitFor(() => expect(engine.events.some(({ type }) => type === 'image.sent')).toBe(true), 20_000);
  const config = await get(`${root}/config.yaml`);
  const node = nodeOf(engine.fleet(), 'n1') ?? expect.fail('no n1');
  return { kernel, config, node, told: contestedText(engine.fleet(), 'n1', engine.now()) };
}

const texts = (node: Awaited<ReturnType<typeof bootFrom>>['node']) => node.evidence.map(({ text }) => text).join('\n');

test('from an address that nobody gave: the machine has a warning, keeps its own address, and what went out says where to', async () => {
  const { kernel, config, node, told } = await bootFrom(OTHER);
  expect([kernel.status, config.status]).toEqual([200, 404]);
  expect(told).toBe(
    `its boot script was fetched from ${OTHER}, which is no address that it has from us: find out who asks there in its name`,
  );
  expect(node.seen.address).toBe(NODE);
  expect(texts(node)).toContain(`boot script: install to ${OTHER}, which is no address of this machine (`);
  expect(texts(node)).toMatch(/kernel sent, .* to 127\.77\.0\.66, which is no address of this machine/);
  expect(stack.logs).toContainEqual(expect.objectContaining({ node: 'n1', level: 'warn', text: told }));
});

test.each([
  ['from its lease', NODE, {}],
  ['from an address that another server may have given', OTHER, { dhcp: 'proxy' as const }],
])('%s: nothing is said', async (_, address, change) => {
  const { kernel, node, told } = await bootFrom(address, change);
  expect(kernel.status).toBe(200);
  expect(told).toBeUndefined();
  expect(texts(node)).not.toContain('no address of this machine');
});

import { afterEach, expect, test } from 'vitest';
import { contestedText } from '../../src/core/contested.ts';
import type { EventBody } from '../../src/core/event.ts';
import { nodeOf } from '../../src/core/fleet.ts';
import { arm, nodeSpec, planOf, renderedOf, sha256, subnet, uuidOf } from '../netboot/boot-fixture.ts';
import { type BootStack, startBootStack } from './boot-stack.ts';
import { httpGet } from './sim-machine.ts';

/** An own script that writes disks is spent by going out: it goes to an address of its machine, and to nobody else. */

const MAC = '52:54:00:00:00:01';
const HOME = '127.77.0.50';
const OTHER = '127.77.0.66';
const ROUTED = '127.99.0.9';
const TEMPLATE = '#!ipxe\nkernel http://10.0.0.9/disk-writer host={node}\nboot\n';

let stack: BootStack;
afterEach(async () => stack.stop());

async function armOwn(change: Parameters<typeof subnet>[0] = {}, machine: Parameters<typeof nodeSpec>[2] = {}) {
  stack = await startBootStack({
    nodes: [nodeSpec('n1', MAC, machine)],
    networks: [subnet({ subnet: '127.77.0.0/24', ...change })],
  });
  const { engine } = stack;
  const plan = planOf('reinstall', stack.images, {
    foreign: true,
    profile: 'own',
    configChecked: false,
    kernelArgs: [],
    templateHash: sha256(TEMPLATE),
  });
  const { configHash: _none, ...own } = plan;
  arm(engine, 'n1', 'reinstall', own);
  const rendered = renderedOf('n1', own, { template: TEMPLATE });
  stack.render({ of: (name) => (name === 'n1' ? rendered : undefined) });
}

const ipxe = (address: string): EventBody => ({ type: 'dhcp.ipxeAsked', node: 'n1', mac: MAC, address, xid: 5 });
/** As its REQUEST for another server says. */
function took(address: string): EventBody {
  return { type: 'dhcp.rivalAnswered', node: 'n1', server: '127.77.0.9', ack: true, took: true, address };
}
const lease = (): EventBody => ({
  type: 'lease.granted',
  mac: MAC,
  address: HOME,
  until: stack.engine.now() + 60_000,
  node: 'n1',
});

async function ask(address: string, method: 'GET' | 'HEAD' = 'GET'): Promise<string> {
  const query = `mac=${MAC}&uuid=${uuidOf(MAC)}&serial=SN-n1&buildarch=x86_64&platform=efi`;
  const { status, body } = await httpGet(`http://127.0.0.1:${stack.ports.http}/s?${query}`, address, {}, method);
  const text = body.toString();
  if (status !== 200) return `${status} ${text.trim()}`;
  return text.includes('disk-writer') ? 'the script' : text.includes('boot the local disk') ? 'its disk' : text;
}

/** Not even noted and taken back. */
const notNoted = () => expect(stack.engine.events.filter(({ type }) => type === 'http.answerWithheld')).toEqual([]);
const n1 = () => nodeOf(stack.engine.fleet(), 'n1') ?? expect.fail('no n1');
const note = () => contestedText(stack.engine.fleet(), 'n1', stack.engine.now());

test('asked for from another address it is refused, spends nothing, and the machine gets it afterwards', async () => {
  await armOwn();
  expect(await ask(OTHER)).toBe(`403 asked for from ${OTHER}, which is not an address of n1: it has no lease of ours`);
  expect(n1()).toMatchObject({ job: { attempts: 0 }, phase: { is: 'armed' }, health: { is: 'ok' } });
  expect(n1().job?.spentAt).toBeUndefined();
  expect(n1().attempt).toBeUndefined();
  expect(note()).toBe(
    `its boot script was asked for from ${OTHER}, which is no address that n1 is known by, and did not go out: find out who asks there in its name; if it is n1 itself, write that address as its \`ip:\``,
  );
  expect(stack.logs).toContainEqual(expect.objectContaining({ node: 'n1', level: 'warn', text: note() }));
  stack.engine.emit(lease());
  stack.engine.emit(ipxe(HOME));
  expect(await ask(ROUTED)).toBe(`403 asked for from ${ROUTED}, which is not an address of n1: its lease is ${HOME}`);
  expect(await ask(HOME)).toBe('the script');
  expect(n1().job?.spentAt).toBeDefined();
});

test('where its answer was lost it goes out again to that address, and to no other; whoever else asks moves nothing', async () => {
  await armOwn();
  stack.engine.emit(lease());
  stack.engine.emit(ipxe(HOME));
  expect([await ask(HOME), await ask(HOME)]).toEqual(['the script', 'the script']);
  const before = n1();
  expect(await ask(OTHER)).toMatch(/^403 /);
  expect(n1()).toEqual(before);
  expect(await ask(HOME)).toBe('the script');
  stack.engine.advance(21_000);
  expect(await ask(HOME)).toBe('its disk');
  expect(await ask(HOME)).toBe('its disk');
});

test('a second boot within those seconds is sent to its disk', async () => {
  await armOwn();
  stack.engine.emit(lease());
  stack.engine.emit(ipxe(HOME));
  expect(await ask(HOME)).toBe('the script');
  stack.engine.advance(5_000);
  stack.engine.emit(ipxe(HOME));
  expect(await ask(HOME)).toBe('its disk');
});

test('whoever looks at it as often as he likes does not fill the journal', async () => {
  await armOwn();
  for (let asked = 0; asked < 30; asked += 1) await ask(OTHER);
  expect(stack.engine.events.filter(({ type }) => type === 'address.contested').length).toBeLessThan(15);
  const told = stack.engine.events.length;
  expect(await ask(OTHER, 'HEAD')).toMatch(/^403/);
  expect(stack.engine.events).toHaveLength(told);
});

const firmware = (xid = 4): EventBody => ({
  type: 'dhcp.firmwareAsked',
  node: 'n1',
  mac: MAC,
  arch: 7,
  firmware: 'uefi',
  xid,
  secs: 0,
  reason: '',
});
const asRom = (address: string): EventBody => ({
  type: 'dhcp.firmwareTook',
  node: 'n1',
  mac: MAC,
  address,
  firmware: 'uefi',
  via: 'proxy',
});
const asSystem: EventBody = { type: 'dhcp.osAsked', node: 'n1', mac: MAC, address: OTHER };
const BESIDE = { dhcp: 'proxy' } as const;
const SECOND = { answerAfterSeconds: 4 } as const;

test.each<readonly [string, string, Parameters<typeof subnet>[0], readonly EventBody[], string]>([
  ['to nobody while its boot was not heard', OTHER, BESIDE, [], '403'],
  ['to nobody while it has taken no address', OTHER, BESIDE, [firmware()], '403'],
  ['to no routed address of which nothing was heard', ROUTED, BESIDE, [firmware()], '403'],
  ['to the address that its firmware took', OTHER, BESIDE, [firmware(), asRom(OTHER)], 'the script'],
  ['to the address that its iPXE took', OTHER, BESIDE, [firmware(), asRom(HOME), ipxe(OTHER)], 'the script'],
  ['to that of its firmware, which iPXE may keep', HOME, BESIDE, [firmware(), asRom(HOME), ipxe(OTHER)], 'the script'],
  ['to the routed address that it took', ROUTED, BESIDE, [firmware(), ipxe(ROUTED)], 'the script'],
  ['to no other address than it took', OTHER, BESIDE, [firmware(), asRom(HOME), ipxe(HOME)], '403'],
  ['to no address that a system took', OTHER, BESIDE, [asSystem], '403'],
  ['to none of the boot before', OTHER, BESIDE, [firmware(), ipxe(OTHER), asSystem, firmware(9)], '403'],
  ['to none of the boot whose system runs', OTHER, BESIDE, [firmware(), ipxe(OTHER), asSystem], '403'],
  ['as a second server, to the address that it took', OTHER, SECOND, [firmware(), took(OTHER)], 'the script'],
  ['as a second server, to no other', OTHER, SECOND, [firmware(), took(HOME)], '403'],
  ['where we alone give addresses, to none of other networks', ROUTED, {}, [firmware()], '403'],
])('beside another DHCP server it goes %s', async (_name, address, change, events, answer) => {
  await armOwn(change);
  for (const event of events) stack.engine.emit(event);
  expect((await ask(address)).startsWith(answer)).toBe(true);
  expect(n1().job?.spentAt === undefined).toBe(answer === '403');
  notNoted();
});

test('beside another DHCP server a look spends nothing, also from where it was looked at before it was armed', async () => {
  await armOwn(BESIDE);
  const armedJob = n1().job;
  stack.engine.emit({ type: 'operator.cancelled', node: 'n1', by: { user: 'u', from: 'here' } });
  expect(await ask(OTHER)).toBe('its disk');
  stack.engine.advance(60_000);
  arm(stack.engine, 'n1', 'reinstall', armedJob?.plan ?? expect.fail());
  expect(await ask(OTHER)).toBe(
    `403 asked for from ${OTHER}, which is not an address of n1: DHCP of this boot was not heard to take it; if it boots there all the same (a static address, or DHCP that we do not hear), write that as its \`ip:\``,
  );
  expect(n1().job).toMatchObject({ attempts: 0 });
  stack.engine.emit(firmware());
  expect(await ask(OTHER)).toMatch(/^403 /);
  stack.engine.emit(ipxe(HOME));
  expect(await ask(HOME)).toBe('the script');
});

test('beside another DHCP server a machine of which no DHCP is heard gets it at the `ip` in its file', async () => {
  await armOwn(BESIDE, { network: { dns: [], ntp: [], ip: OTHER } });
  expect(await ask(HOME)).toMatch(/^403 /);
  expect(await ask(OTHER)).toBe('the script');
});

test('beside another DHCP server it goes to no address of a boot that ended in iPXE long ago', async () => {
  await armOwn(BESIDE);
  const by = { user: 'u', from: 'here' };
  stack.engine.emit(firmware());
  stack.engine.emit(ipxe(OTHER));
  stack.engine.emit({ type: 'site.panicSwitched', on: true, by });
  expect(await ask(OTHER)).toBe('its disk');
  stack.engine.emit({ type: 'site.panicSwitched', on: false, by });
  stack.engine.advance(21_000);
  expect(await ask(OTHER)).toMatch(/^403 /);
  notNoted();
});

test('beside another DHCP server it goes to no address of the boot before, while the next one is only ordered', async () => {
  await armOwn(BESIDE);
  for (const event of [firmware(), ipxe(OTHER), asSystem]) stack.engine.emit(event);
  stack.engine.advance(60_000);
  const askedAt = stack.engine.now();
  stack.engine.emit({ type: 'bmc.resetDone', node: 'n1', action: 'cycle', power: 'on', askedAt });
  stack.engine.advance(120_000);
  expect(n1().phase.is).toBe('powering');
  expect(await ask(OTHER)).toMatch(/^403 /);
  notNoted();
});

import { expect, test } from 'vitest';
import { ok } from '../../src/core/result.ts';
import { createAddressBook } from '../../src/netboot/address-book.ts';
import { createTokenBook } from '../../src/netboot/attempt-token.ts';
import { createHttpDesk } from '../../src/servers/http-desk.ts';
import {
  ALL_LOADERS,
  arm,
  bootSite,
  createTestEngine,
  nodeSpec,
  planOf,
  siteSpec,
  subnet,
  uuidOf,
} from '../netboot/boot-fixture.ts';

/** What a HEAD, and the script that is the same for every machine, tell of a boot that goes no further. */

const MAC = '52:54:00:00:00:01';
const KNOWN = '10.1.0.50';

function machine(uki = false) {
  const engine = createTestEngine([nodeSpec('n1', MAC)]);
  const addresses = createAddressBook(engine.fleet());
  addresses.learn(KNOWN, 'n1');
  const plan = planOf('install', undefined, uki ? { uki: true, kernelArgs: [] } : {});
  const rendered = arm(engine, 'n1', 'install', plan);
  const image = { path: 'image', sizeBytes: 9000, sha256: plan.kernel?.sha256 ?? '' };
  const site = bootSite(siteSpec([subnet()]), '10.1.0.2');
  const desk = createHttpDesk({
    engine,
    site: () => site,
    rendered,
    artefacts: { ...ALL_LOADERS, artefact: () => image },
    tokens: createTokenBook(Buffer.from('a site secret')),
    addresses,
    onLog: () => undefined,
    files: { open: async ({ sizeBytes }) => ok({ sizeBytes, etag: '"x"' }) },
  });
  const ask = (method: 'GET' | 'HEAD', path: string): Promise<number> =>
    new Promise((done) => {
      const ends = { address: KNOWN, port: 40_000, localAddress: '10.1.0.2', localPort: 80, head: '' };
      desk.ask({ method, path, query: [], ...ends }, { cut: () => undefined }, ({ status }) => done(status));
    });
  const took = {
    type: 'dhcp.firmwareTook',
    node: 'n1',
    mac: MAC,
    address: KNOWN,
    firmware: 'http',
    via: 'dhcp',
  } as const;
  const asked = { arch: 16, xid: 1, secs: 0, reason: '', uuid: uuidOf(MAC) } as const;
  engine.emit({ type: 'dhcp.firmwareAsked', node: 'n1', mac: MAC, firmware: 'http', ...asked });
  engine.emit(took);
  const begun = engine.events.length;
  return { engine, desk, ask, told: () => engine.events.slice(begun) };
}

test.each([
  ['its loader', '/b/ipxe.efi', 'ipxe.efi', false],
  ['the UKI that it boots in the place of one', '/u/boot.efi', 'boot.efi', true],
] as const)(
  'UEFI that asks with HEAD for %s is at its loader, told once however often it asks',
  async (_name, path, file, uki) => {
    const { desk, ask, told } = machine(uki);
    for (let times = 0; times < 3; times += 1) expect(await ask('HEAD', path)).toBe(200);
    expect(told()).toMatchObject([{ type: 'loader.requested', node: 'n1', file, by: 'http', sizeOnly: true }]);
    expect(await ask('GET', path)).toBe(200);
    expect(told()[1]).toMatchObject({ type: uki ? 'image.requested' : 'loader.requested' });
    expect(told()[1]).not.toHaveProperty('sizeOnly');
    expect(told()).toHaveLength(2);
    // It loads by now: nobody is at a loader again who asks for its size.
    await ask('HEAD', path);
    expect(told()).toHaveLength(2);
    desk.stop();
  },
);

test('a HEAD once iPXE runs tells nothing', async () => {
  const { engine, desk, ask, told } = machine();
  engine.emit({ type: 'dhcp.ipxeAsked', node: 'n1', mac: MAC, address: KNOWN, xid: 2 });
  await ask('HEAD', '/b/ipxe.efi');
  await ask('HEAD', '/boot.ipxe');
  expect(told().map(({ type }) => type)).toEqual(['dhcp.ipxeAsked']);
  desk.stop();
});

test('iPXE that fetches /boot.ipxe is told of once in its boot', async () => {
  const { engine, desk, ask, told } = machine();
  await ask('GET', '/boot.ipxe');
  expect(told()).toEqual([]);
  engine.emit({ type: 'dhcp.ipxeAsked', node: 'n1', mac: MAC, address: KNOWN, xid: 2 });
  for (let times = 0; times < 3; times += 1) expect(await ask('GET', '/boot.ipxe')).toBe(200);
  expect(told().map(({ type }) => type)).toEqual(['dhcp.ipxeAsked', 'http.bootstrapAsked']);
  desk.stop();
});

import { expect, test } from 'vitest';
import type { LogLine } from '../../src/core/ports.ts';
import { fail } from '../../src/core/result.ts';
import { createAddressBook } from '../../src/netboot/address-book.ts';
import { createTokenBook } from '../../src/netboot/attempt-token.ts';
import { createHttpDesk } from '../../src/servers/http-desk.ts';
import { arm, bootSite, createTestEngine, nodeSpec, siteSpec, subnet, uuidOf } from '../netboot/boot-fixture.ts';

const KNOWN = '10.1.0.50';

test('strangers from many addresses fill no log, and a machine is told of beside them', () => {
  const engine = createTestEngine([nodeSpec('n1', '52:54:00:00:00:01')], true);
  const addresses = createAddressBook(engine.fleet());
  addresses.learn(KNOWN, 'n1');
  const site = bootSite(siteSpec([subnet()]), '10.1.0.2');
  const logs: LogLine[] = [];
  const desk = createHttpDesk({
    engine,
    site: () => site,
    rendered: { of: () => undefined },
    artefacts: { loader: () => undefined, artefact: () => undefined, discovery: () => undefined },
    tokens: createTokenBook(Buffer.from('a site secret')),
    addresses,
    onLog: (line) => logs.push(line),
    files: { open: async () => fail('there are none') },
  });
  let answered = 0;
  const ask = (address: string) => {
    const ends = { address, port: 40_000, localAddress: '10.1.0.2', localPort: 80, head: '' };
    const question = { method: 'GET', path: '/boot.ipxe', query: [], ...ends };
    desk.ask(question, { cut: () => undefined }, ({ status }) => {
      answered += status === 200 ? 1 : 0;
    });
  };
  for (let index = 0; index < 4000; index += 1) ask(`10.2.${index >> 8}.${index & 255}`);
  expect(logs.length).toBeGreaterThan(100);
  expect(logs.length).toBeLessThan(1000);
  expect(logs[0]).toMatchObject({ node: '', text: '10.2.0.0: 200 /boot.ipxe: the script that asks for the script' });
  ask(KNOWN);
  expect(logs.at(-1)).toMatchObject({ node: 'n1', text: '200 /boot.ipxe: the script that asks for the script' });
  expect(answered).toBe(4001);
  desk.stop();
});

test('a machine that is told to ask again does so every few seconds, and fills neither log nor journal', () => {
  const mac = '52:54:00:00:00:01';
  const engine = createTestEngine([nodeSpec('n1', mac)]);
  const addresses = createAddressBook(engine.fleet());
  const site = bootSite(siteSpec([subnet()]), '10.1.0.2');
  const logs: LogLine[] = [];
  const rendered = arm(engine, 'n1', 'reinstall');
  const desk = createHttpDesk({
    engine,
    site: () => site,
    rendered,
    artefacts: { loader: () => undefined, artefact: () => undefined, discovery: () => undefined },
    tokens: createTokenBook(Buffer.from('a site secret')),
    addresses,
    onLog: (line) => logs.push(line),
    files: { open: async () => fail('there are none') },
  });
  engine.emit({ type: 'bmc.powerAsked', node: 'n1', job: 'job-n1', action: 'cycle' });
  const before = engine.events.length;
  const names = { mac, net0: mac, uuid: uuidOf(mac), serial: 'SN-n1', buildarch: 'x86_64', platform: 'efi' };
  const ends = { address: KNOWN, port: 40_000, localAddress: '10.1.0.2', localPort: 80, head: '' };
  let waits = 0;
  for (let asks = 0; asks < 150; asks += 1) {
    const question = { method: 'GET', path: '/s', query: Object.entries(names).flat(), ...ends };
    desk.ask(question, { cut: () => undefined }, ({ text }) => {
      waits += text?.includes('being switched') === true ? 1 : 0;
    });
    engine.advance(150);
  }
  expect(waits).toBe(150);
  expect(logs.filter(({ text }) => text.includes('script: wait'))).toHaveLength(1);
  expect(engine.events.slice(before).map(({ type }) => type)).toEqual([
    'http.scriptPutOff',
    'http.scriptAwaited',
    'http.scriptAwaited',
  ]);
  desk.stop();
});

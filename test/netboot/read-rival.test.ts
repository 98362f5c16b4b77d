import { describe, expect, test } from 'vitest';
import { readAnswer, readRival } from '../../src/netboot/read-rival.ts';
import type { DhcpOptions } from '../../src/protocols/dhcp/dhcp-message.ts';
import { bootSite, createTestEngine, nodeSpec, siteSpec, subnet } from './boot-fixture.ts';
import { ip, packet, received } from './client-packets.ts';

const MAC = '52:54:00:00:00:01';
const engine = createTestEngine([nodeSpec('n1', MAC)]);
const { relay: _relay, ...local } = subnet({ interface: 'eth2', address: '127.80.0.9', subnet: '127.80.0.0/16' });
const site = bootSite(
  siteSpec([
    subnet({ address: '127.77.0.9' }),
    subnet({ relay: '127.78.0.1', subnet: '127.78.0.0/16', dhcp: 'proxy', address: '127.77.0.9' }),
    subnet({ relay: '127.79.0.1', subnet: '127.79.0.0/16', dhcp: 'off', address: '127.77.0.9' }),
    local,
    { ...local, address: '127.81.0.9', subnet: '127.81.0.0/16', dhcp: 'proxy' },
    subnet({ relay: '127.82.0.1', subnet: '127.82.0.0/16', address: '127.77.0.9', answerAfterSeconds: 8 }),
    subnet({
      relay: '127.83.0.1',
      subnet: '127.83.0.0/16',
      address: '127.77.0.9',
      answerAfterSeconds: 8,
      dhcp: 'proxy',
    }),
  ]),
);

interface Reply {
  readonly net?: 77 | 78 | 79 | 80 | 81 | 82 | 83;
  readonly fields?: Parameters<typeof packet>[2];
  readonly options?: Parameters<typeof packet>[3];
}

function heardOf({ net = 78, fields, options }: Reply): readonly string[] {
  const told: DhcpOptions = { messageType: 'ack', serverId: ip(`127.${net}.0.67`), ...options };
  const reply = packet('os', MAC, { op: 'reply', yiaddr: ip(`127.${net}.3.3`), ...fields }, told);
  const answer = readAnswer(received(reply));
  if (answer === undefined) return [];
  return readRival(engine.fleet(), site, answer, {
    address: `127.${net}.0.2`,
    mac: '',
    iface: net > 79 && net < 82 ? 'eth2' : '',
  }).map((event) => event.type);
}

const RIVAL = ['rival.heard', 'dhcp.rivalAnswered'];
const NAK = { yiaddr: 0 };
const REFUSES = { messageType: 'nak' } as const;

describe('beside another DHCP server, by the network that it answers on', () => {
  test.each<readonly [string, Reply, readonly string[]]>([
    ['who gives addresses alone is no rival in proxy mode', {}, []],
    ['nor one that names itself as next server, as ISC and dnsmasq do', { fields: { siaddr: ip('127.78.0.67') } }, []],
    ['nor where no DHCP of ours is wanted at all', { net: 79 }, []],
    ['but it is where the addresses are ours to give', { net: 77 }, RIVAL],
    ['one that hands out a boot file is', { fields: { file: 'pxelinux.0', siaddr: ip('127.78.0.67') } }, RIVAL],
    ['by option 67 too', { options: { bootFile: 'pxelinux.0' } }, RIVAL],
    [
      'and one that says PXEClient, whom firmware would ask on port 4011',
      { options: { vendorClass: 'PXEClient' } },
      RIVAL,
    ],
    ['a second proxy is', { fields: { yiaddr: 0, giaddr: ip('127.78.0.1'), file: 'x.efi' } }, RIVAL],
    [
      'one whose administrator wrote our address as next server names our file, and is none',
      { net: 79, fields: { file: 'snponly.efi', siaddr: ip('127.77.0.9') } },
      [],
    ],
    [
      'nor with our address as text in option 66',
      { net: 79, options: { bootFile: 'a', tftpServerName: '127.77.0.9' } },
      [],
    ],
    ['nor with our URL', { net: 79, options: { bootFile: 'http://127.77.0.9/b/snponly.efi' } }, []],
    ["but with a URL of another's", { net: 79, options: { bootFile: 'http://10.0.0.7/x.efi' } }, RIVAL],
    ['who refuses (NAK) where the addresses are ours to give is', { net: 77, fields: NAK, options: REFUSES }, RIVAL],
    ['and where two networks of ours are on the wire', { net: 80, fields: NAK, options: REFUSES }, RIVAL],
    ['but not where the addresses are its own', { net: 81, fields: NAK, options: REFUSES }, []],
    ['the first server is none', { net: 82 }, ['dhcp.rivalAnswered']],
    ['with a boot file neither', { net: 82, fields: { file: 'x.0' } }, ['dhcp.rivalAnswered']],
    ['nor as the first proxy', { net: 83, fields: { file: 'x.0' } }, ['dhcp.rivalAnswered']],
    ['nor where it gives addresses beside us', { net: 83 }, []],
    ['what it refuses is its own', { net: 82, fields: { ...NAK, giaddr: ip('127.82.0.1') }, options: REFUSES }, []],
    ['one that names our other address names us too', { fields: { file: 'a', siaddr: ip('127.81.0.9') } }, []],
    ['nor does a request that comes by', { net: 77, fields: { op: 'request' } }, []],
    ['an answer on no network of ours is told as before', { fields: { yiaddr: ip('10.9.9.9') } }, RIVAL],
  ])('%s', (_, reply, expected) => {
    expect(heardOf(reply)).toEqual(expected);
  });
});

test('another host at our own address is told by its MAC, whatever it answers and whoever gives the addresses there', () => {
  const mac = '52:54:00:ee:00:01';
  const tell = (net: 77 | 78, fields: object, isTwin?: true) => {
    const says: DhcpOptions = { messageType: 'offer', serverId: ip('127.77.0.9') };
    const reply = packet('os', MAC, { op: 'reply', yiaddr: ip(`127.${net}.3.3`), ...fields }, says);
    const answer = readAnswer(received(reply));
    const from = { address: '127.77.0.9', mac, iface: 'eth1', isTwin };
    return answer === undefined ? [] : readRival(engine.fleet(), site, answer, from);
  };
  expect(tell(77, { file: 'pxelinux.0' })).toEqual([]);
  const offers = { server: '127.77.0.9', offers: '127.77.3.3', bootFile: 'pxelinux.0' };
  expect(tell(77, { file: 'pxelinux.0' }, true)).toEqual([
    { type: 'rival.heard', mac, iface: 'eth1', isTwin: true, ...offers },
    { type: 'dhcp.rivalAnswered', node: 'n1', ack: false, twin: mac, server: offers.server, bootFile: 'pxelinux.0' },
  ]);
  expect(tell(78, {}, true).map(({ type }) => type)).toEqual(RIVAL);
});

test('the first server is told as such, and as a rival only where it refuses what a machine has from us', () => {
  const on = createTestEngine([nodeSpec('n1', MAC)]);
  const tell = (messageType: 'ack' | 'nak') => {
    const says: DhcpOptions = { messageType, serverId: ip('127.82.0.67') };
    const fields = {
      op: 'reply',
      yiaddr: messageType === 'nak' ? 0 : ip('127.82.3.3'),
      giaddr: ip('127.82.0.1'),
    } as const;
    const answer = readAnswer(received(packet('os', MAC, fields, says)));
    const from = { address: '127.82.0.67', mac: '', iface: '' };
    return answer === undefined ? [] : readRival(on.fleet(), site, answer, from);
  };
  const answered = { type: 'dhcp.rivalAnswered', node: 'n1', server: '127.82.0.67', first: true };
  expect(tell('ack')).toEqual([{ ...answered, ack: true }]);
  expect(tell('nak')).toEqual([]);
  on.emit({ type: 'lease.granted', mac: MAC, address: '127.82.3.4', until: on.now() + 60_000, node: 'n1' });
  expect(tell('nak')).toMatchObject([
    { type: 'rival.heard', refuses: true },
    { ...answered, refused: true },
  ]);
  on.emit({ type: 'lease.ended', mac: MAC, address: '127.82.3.4', why: 'released' });
  expect(tell('nak')).toEqual([]);
});

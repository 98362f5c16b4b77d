import { createSocket, type Socket } from 'node:dgram';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { decodeDhcp } from '../../../src/protocols/dhcp/decode-dhcp.ts';
import type { DhcpMessage, DhcpOptions } from '../../../src/protocols/dhcp/dhcp-message.ts';
import { encodeDhcp } from '../../../src/protocols/dhcp/encode-dhcp.ts';
import { renderIpv4 } from '../../../src/protocols/ipv4.ts';
import { createOfficeDhcp, type OfficeDhcp } from '../../../src/sim/switch/office-dhcp.ts';

const KNOWN = '52:54:00:00:00:01';
let office: OfficeDhcp;
let relay: Socket;
let lastXid = 0;

beforeEach(async () => {
  const made = await createOfficeDhcp({
    address: '127.0.0.1',
    pool: { from: '127.78.200.1', to: '127.78.200.3' },
    reserved: new Map([[KNOWN, '127.78.200.2']]),
    bootFor: ({ mac }) => (mac === KNOWN ? { file: 'pxelinux.0', nextServer: '127.0.0.9' } : undefined),
  });
  if (!made.ok) throw new Error(made.error);
  office = made.value;
  relay = createSocket('udp4');
  await new Promise<void>((resolve) => relay.bind(0, '127.0.0.1', resolve));
});
afterEach(async () => {
  relay.close();
  await office.close();
});

/** Its answer to this, or `silence` when what is asked next is answered first. */
async function ask(mac: string, options: DhcpOptions, ciaddr = 0): Promise<DhcpMessage | 'silence'> {
  lastXid += 2;
  const xid = lastXid;
  const send = (id: number, what: DhcpOptions, from: string) => {
    const chaddr = Buffer.from(`${from.replaceAll(':', '')}00000000000000000000`, 'hex');
    const fixed = { htype: 1, hlen: 6, hops: 1, secs: 0, broadcast: true, yiaddr: 0, siaddr: 0, sname: '', file: '' };
    const packet = { op: 'request' as const, ...fixed, xid: id, ciaddr, giaddr: 0x7f4e0002, chaddr, options: what };
    relay.send(encodeDhcp(packet), office.at.port, office.at.address);
  };
  const answer = new Promise<DhcpMessage | 'silence'>((resolve) => {
    relay.on('message', (bytes) => {
      const message = decodeDhcp(bytes);
      // What was answered to an earlier question may still come in.
      if (message.ok && message.value.xid >= xid) resolve(message.value.xid === xid ? message.value : 'silence');
    });
  });
  send(xid, options, mac);
  send(xid + 1, { messageType: 'discover' }, KNOWN);
  const got = await answer;
  relay.removeAllListeners('message');
  return got;
}

const said = (message: DhcpMessage | 'silence') =>
  message === 'silence'
    ? message
    : [message.options.messageType, renderIpv4(message.yiaddr), message.file, renderIpv4(message.giaddr)];

const office1 = 0x7f000001;

test.each<readonly [string, string, DhcpOptions, unknown]>([
  [
    'a reservation, and what it says of booting',
    KNOWN,
    { messageType: 'discover' },
    ['offer', '127.78.200.2', 'pxelinux.0', '127.78.0.2'],
  ],
  [
    'a machine that it does not know gets the next of the pool',
    '52:54:00:00:00:07',
    { messageType: 'discover' },
    ['offer', '127.78.200.1', '', '127.78.0.2'],
  ],
  [
    'what was offered is acknowledged',
    KNOWN,
    { messageType: 'request', serverId: office1, requestedAddress: 0x7f4ec802 },
    ['ack', '127.78.200.2', 'pxelinux.0', '127.78.0.2'],
  ],
  [
    'another address is refused',
    KNOWN,
    { messageType: 'request', requestedAddress: 0x7f4ec809 },
    ['nak', '0.0.0.0', '', '127.78.0.2'],
  ],
  [
    'a request for another server is not its own',
    KNOWN,
    { messageType: 'request', serverId: 0x0a000001, requestedAddress: 0x7f4ec802 },
    'silence',
  ],
  ['a decline is nothing to answer', KNOWN, { messageType: 'decline' }, 'silence'],
])('%s', async (_, mac, options, expected) => {
  expect(said(await ask(mac, options))).toEqual(expected);
});

test('the same machine keeps its address, and reserved ones are nobody else’s', async () => {
  const macs = ['52:54:00:00:00:11', '52:54:00:00:00:12', '52:54:00:00:00:11', '52:54:00:00:00:13'];
  const got: unknown[] = [];
  for (const mac of macs) {
    const message = await ask(mac, { messageType: 'discover' });
    got.push(message === 'silence' ? message : renderIpv4(message.yiaddr));
  }
  expect(got).toEqual(['127.78.200.1', '127.78.200.3', '127.78.200.1', 'silence']);
});

test('only this computer is served', async () => {
  const made = await createOfficeDhcp({
    address: '10.0.0.1',
    pool: { from: '10.0.0.2', to: '10.0.0.3' },
    reserved: new Map(),
    bootFor: () => undefined,
  });
  expect(made).toEqual({ ok: false, error: 'a simulated DHCP server is loopback only' });
});

import { describe, expect, test } from 'vitest';
import { decodeDhcp } from '../../src/protocols/dhcp/decode-dhcp.ts';
import type { DhcpMessage } from '../../src/protocols/dhcp/dhcp-message.ts';
import { encodeDhcp } from '../../src/protocols/dhcp/encode-dhcp.ts';
import { nodeSpec } from './boot-fixture.ts';
import { type ClientKind, ip, packet } from './client-packets.ts';
import { createDhcpBench, localSubnet } from './dhcp-bench.ts';

const MAC = '52:54:00:00:00:01';
const hex = (text: string) => Buffer.from(text).toString('hex');
const OPTIONS = [
  { code: 209, hex: hex('cfg/site') },
  { code: 224, hex: '0a4d0001' },
  { code: 252, hex: hex('http://10.9.0.1/wpad') },
];

/** What reaches the machine, through both codecs. */
function offered(kind: ClientKind, codes: readonly number[] | undefined): DhcpMessage {
  const own = { dns: [], ntp: [], options: [{ code: 252, hex: hex('own') }] };
  const bench = createDhcpBench([nodeSpec('n1', MAC, { network: own })], [localSubnet({ options: OPTIONS })]);
  const sent = packet(kind, MAC, {}, codes === undefined ? {} : { requestedCodes: Uint8Array.from(codes) });
  const { requestedCodes: _codes, ...unasked } = sent.options;
  const reply = bench.send(codes === undefined ? { ...sent, options: unasked } : sent).reply;
  const decoded = decodeDhcp(encodeDhcp(reply?.packet ?? sent));
  if (!decoded.ok) throw new Error(decoded.error);
  return decoded.value;
}

const text = (message: DhcpMessage, code: number) => {
  const data = message.wire.get(code);
  return data === undefined ? undefined : Buffer.from(data).toString('latin1');
};

describe('options by code', () => {
  test('go to who asks for them, the machine’s own before those of its network', () => {
    const asked = offered('os', [1, 3, 224, 252]);
    expect([text(asked, 224), text(asked, 252), text(asked, 209)]).toEqual(['\n\u004d\0\u0001', 'own', undefined]);
  });

  test('go to who does not say what it wants', () => {
    const all = offered('os', undefined);
    expect([text(all, 209), text(all, 252)]).toEqual(['cfg/site', 'own']);
  });

  test('209 goes to firmware that never asks for it, because its second loader will', () => {
    expect(text(offered('bios', [1, 3, 67]), 209)).toBe('cfg/site');
    expect(text(offered('bios', [1, 3, 67]), 224)).toBeUndefined();
  });

  test('150 is our address, for who looks there for the TFTP server', () => {
    expect(offered('bios', [1, 67, 150]).options.tftpServers).toEqual([ip('10.9.0.1')]);
    expect(offered('bios', [1, 67]).options.tftpServers).toBeUndefined();
    expect(offered('os', [1, 150]).options.tftpServers).toBeUndefined();
  });

  test('classless routes hold the default route, and 3 is there for who does not know them', () => {
    const routes = [{ to: '10.80.0.0/16', via: '10.9.0.200' }];
    const bench = createDhcpBench([nodeSpec('n1', MAC)], [localSubnet({ routes })]);
    const asked = bench.ask('os', MAC, {}, { requestedCodes: Uint8Array.of(3, 121) }).reply?.packet.options;
    expect(asked?.routers).toEqual([ip('10.9.0.254')]);
    expect(asked?.staticRoutes).toEqual([
      { network: 0, prefix: 0, gateway: ip('10.9.0.254') },
      { network: ip('10.80.0.0'), prefix: 16, gateway: ip('10.9.0.200') },
    ]);
    expect(bench.ask('uefi', MAC).reply?.packet.options.staticRoutes).toBeUndefined();
  });
});

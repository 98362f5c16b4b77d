import { expect, test } from 'vitest';
import { clientPacket } from '../../../src/protocols/dhcp/client-packet.ts';
import { decodeDhcp } from '../../../src/protocols/dhcp/decode-dhcp.ts';
import { encodeDhcp } from '../../../src/protocols/dhcp/encode-dhcp.ts';

test('a client says who it is and what it wants; the rest is zero, and what it has is not', () => {
  const says = { xid: 7, broadcast: true, options: { messageType: 'discover' } } as const;
  const [first, later] = [says, { ...says, ciaddr: 0x0a000001, secs: 4 }].map((one) =>
    decodeDhcp(encodeDhcp(clientPacket('52:54:00:0a:21:01', one))),
  );
  const zero = { hops: 0, secs: 0, ciaddr: 0, yiaddr: 0, siaddr: 0, giaddr: 0, sname: '', file: '' };
  expect(first).toMatchObject({ ok: true, value: { op: 'request', mac: '52:54:00:0a:21:01', ...zero, ...says } });
  expect(later).toMatchObject({ ok: true, value: { ciaddr: 0x0a000001, secs: 4, yiaddr: 0 } });
});

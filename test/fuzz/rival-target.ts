import { cleanText } from '../../src/core/clean-text.ts';
import { readAnswer, readRival } from '../../src/netboot/read-rival.ts';
import { decodeDhcp } from '../../src/protocols/dhcp/decode-dhcp.ts';
import { encodeDhcp } from '../../src/protocols/dhcp/encode-dhcp.ts';
import { bootSite, createTestEngine, nodeSpec, siteSpec, subnet } from '../netboot/boot-fixture.ts';
import { ip, packet } from '../netboot/client-packets.ts';
import { captureNames, readDhcp } from '../protocols/captures.ts';
import { type FuzzTarget, must } from './fuzz-target.ts';

const MAC = '52:54:00:00:00:01';
const FROM = { address: '10.0.0.7', mac: '', iface: 'eth1' };

const answers = () =>
  (['offer', 'ack', 'nak'] as const).flatMap((messageType) =>
    ['', 'pxelinux.0', 'http://10.0.0.7/x.efi'].map((file) =>
      encodeDhcp({
        ...packet('os', MAC, { op: 'reply', yiaddr: ip('10.0.0.50'), siaddr: ip('10.0.0.7'), file }),
        options: { messageType, serverId: ip('10.0.0.7'), routers: [ip('10.0.0.1')], vendorClass: 'PXEClient' },
      }),
    ),
  );

/** Whatever somebody broadcasts to machines: heard by one thread, judged by another, shown on a screen. */
export const rivalTarget: FuzzTarget = {
  name: 'rival',
  seeds: () => [...answers(), ...captureNames.flatMap((name) => readDhcp(name).map((one) => one.payload))],
  open: () => {
    const engine = createTestEngine([nodeSpec('n1', MAC)]);
    const site = bootSite(
      siteSpec([subnet({ address: '127.77.0.9' }), subnet({ dhcp: 'proxy', subnet: '10.0.0.0/8' })]),
    );
    return (bytes) => {
      const decoded = decodeDhcp(bytes);
      const answer = decoded.ok ? readAnswer(decoded.value) : undefined;
      if (answer === undefined) return;
      const posted = structuredClone(answer);
      must(JSON.stringify(posted).length < 8_000, 'much is posted for one packet');
      for (const event of readRival(engine.fleet(), site, posted, FROM))
        for (const text of Object.values(event))
          must(typeof text !== 'string' || (text === cleanText(text, 200) && text.length <= 200), `not clean: ${text}`);
    };
  },
};

import { describe, expect, test } from 'vitest';
import { createAddressPool } from '../../src/netboot/address-pool.ts';
import { answerDhcp } from '../../src/netboot/answer-dhcp.ts';
import { answerProxyDhcp } from '../../src/netboot/answer-proxy-dhcp.ts';
import type { DhcpAnswer } from '../../src/netboot/dhcp-ask.ts';
import { decodeDhcp } from '../../src/protocols/dhcp/decode-dhcp.ts';
import type { DhcpMessage } from '../../src/protocols/dhcp/dhcp-message.ts';
import { encodeDhcp } from '../../src/protocols/dhcp/encode-dhcp.ts';
import { renderDhcp } from '../../src/protocols/dhcp/render-dhcp.ts';
import { renderIpv4 } from '../../src/protocols/ipv4.ts';
import { captureNames, readDhcp, type SeenPacket } from '../protocols/captures.ts';
import { bootSite, createTestEngine, NOBODY_ARMED, nodeSpec, siteSpec, subnet } from './boot-fixture.ts';

/** Every packet that real firmware sent in the lab, and what we say to it: authoritative, and beside another server. */

interface Asked {
  readonly packet: SeenPacket;
  readonly message: DhcpMessage;
}

function requestsOf(name: string): readonly Asked[] {
  return readDhcp(name).flatMap((packet) => {
    const message = decodeDhcp(packet.payload);
    return message.ok && message.value.op === 'request' ? [{ packet, message: message.value }] : [];
  });
}

function show(label: string, lines: readonly string[]): string {
  return [label, ...lines.map((line) => `  ${line}`)].join('\n');
}

function target(answer: DhcpAnswer): string {
  const to = answer.reply?.to;
  if (to === undefined) return '';
  return to.kind === 'broadcast' ? 'broadcast' : `${renderIpv4(to.address)}:${to.port}`;
}

/** As the firmware will read it. */
function reread(answer: DhcpAnswer): readonly string[] {
  if (answer.reply === undefined) return [`silence: ${answer.reason}`];
  const bytes = encodeDhcp(answer.reply.packet);
  const decoded = decodeDhcp(bytes);
  if (!decoded.ok) throw new Error(decoded.error);
  return [`to ${target(answer)}, ${bytes.length} bytes: ${answer.reason}`, ...renderDhcp(decoded.value)];
}

function answersTo(name: string): string {
  const proxy = name.startsWith('proxy');
  const asked = requestsOf(name);
  const [first] = asked;
  if (first === undefined) return '(no request in this capture)';
  const wished = asked.map(({ message }) => message.options.requestedAddress).find((one) => one !== undefined);
  const network = wished === undefined ? '10.77.9' : renderIpv4(wished).split('.').slice(0, 3).join('.');
  const uuid = first.message.options.machineId?.uuid;
  const spec = nodeSpec('n1', first.message.mac, {
    identity: { macs: [first.message.mac], ...(uuid === undefined ? {} : { uuid }) },
    network: { dns: [], ntp: [], ...(wished === undefined ? {} : { ip: renderIpv4(wished) }) },
  });
  const { relay: _relay, ...local } = subnet({
    interface: 'br0',
    address: `${network}.1`,
    dhcp: proxy ? 'proxy' : 'authoritative',
    subnet: `${network}.0/24`,
    pool: { from: `${network}.100`, to: `${network}.199` },
    gateway: `${network}.1`,
    dns: [`${network}.1`],
    ntp: [],
  });
  const site = bootSite(siteSpec([local]));
  const engine = createTestEngine([spec]);
  const pool = createAddressPool();
  pool.sync(engine.fleet(), site, engine.now());
  const lines = asked.map(({ packet, message }) => {
    engine.advance(1000);
    const view = {
      fleet: engine.fleet(),
      at: engine.now(),
      ...NOBODY_ARMED,
      site,
      pool,
    };
    const arrival = { iface: 'br0', address: packet.source.address, port: packet.source.port };
    const answer = (packet.destination.port === 4011 ? answerProxyDhcp : answerDhcp)(view, message, arrival);
    for (const change of answer.pool) pool.apply(change);
    for (const event of answer.events) engine.emit(event);
    const [head = ''] = renderDhcp(message);
    const events = answer.events.map((event) => `event ${JSON.stringify(event)}`);
    return show(`${head} (port ${packet.destination.port})`, [...reread(answer), ...events]);
  });
  return `${lines.join('\n\n')}\n`;
}

describe('what real firmware is answered', () => {
  test.each(captureNames.filter((name) => requestsOf(name).length > 0))('%s', async (name) => {
    await expect(answersTo(name)).toMatchFileSnapshot(`golden/answers-${name}.txt`);
  });
});

import { describe, expect, test } from 'vitest';
import { classifyDhcpClient } from '../../src/protocols/dhcp/classify-dhcp-client.ts';
import { decodeDhcp } from '../../src/protocols/dhcp/decode-dhcp.ts';
import type { DhcpMessage } from '../../src/protocols/dhcp/dhcp-message.ts';
import { DHCP_BUFFER_BYTES, encodeDhcpInto } from '../../src/protocols/dhcp/encode-dhcp.ts';
import { renderDhcp } from '../../src/protocols/dhcp/render-dhcp.ts';
import { parseHttpRequest } from '../../src/protocols/http/parse-http-request.ts';
import { renderIpv4 } from '../../src/protocols/ipv4.ts';
import { decodeTftp } from '../../src/protocols/tftp/decode-tftp.ts';
import { encodeTftp } from '../../src/protocols/tftp/encode-tftp.ts';
import { renderTftp } from '../../src/protocols/tftp/render-tftp.ts';
import type { UdpEndpoint } from '../../src/protocols/udp-frame.ts';
import { captureNames, isDhcp, readDhcp, readFrames, readTftp, readUdp, type SeenPacket } from './captures.ts';

function message(packet: SeenPacket): DhcpMessage {
  const result = decodeDhcp(packet.payload);
  if (!result.ok) throw new Error(result.error);
  return result.value;
}

const at = (endpoint: UdpEndpoint) => `${renderIpv4(endpoint.address)}:${endpoint.port}`;

function describeClient(from: DhcpMessage): string {
  const client = classifyDhcpClient(from);
  if (client.kind === 'os') return 'os';
  const build = client.ipxe === undefined ? '' : ` ${client.ipxe.version ?? '?'} ${client.ipxe.features.join('+')}`;
  return `${client.kind} ${client.arch?.name ?? 'no arch'}${build}`;
}

function describePacket(packet: SeenPacket, startMs: number): readonly string[] {
  const head = `${((packet.timeMs - startMs) / 1000).toFixed(3)} ${at(packet.source)} > ${at(packet.destination)}`;
  if (!isDhcp(packet)) {
    const result = decodeTftp(packet.payload);
    return [`${head} ${result.ok ? renderTftp(result.value) : result.error}`];
  }
  const from = message(packet);
  const [first = '', ...rest] = renderDhcp(from);
  const client = from.op === 'request' ? [`    client: ${describeClient(from)}`] : [];
  return [`${head} ${first}`, ...rest.map((line) => `  ${line}`), ...client];
}

/** HTTP heads that fit one TCP segment, which all of them do here. */
function readHeads(name: string): readonly Buffer[] {
  return readFrames(name).flatMap(({ frame }) => {
    const head = frame.indexOf(/* the end of a head */ '\r\n\r\n', 34, 'latin1');
    if (head < 0 || frame[23] !== 6) return [];
    const start = 14 + 20 + ((frame[46] ?? 0) >> 4) * 4;
    return [frame.subarray(start, head + 4)];
  });
}

describe('what real firmware sent', () => {
  test('19 captures are there', () => {
    expect(captureNames).toHaveLength(19);
  });

  test.each(captureNames)('%s reads as the golden text', async (name) => {
    const packets = readUdp(name);
    const lines = packets.flatMap((packet) => describePacket(packet, packets[0]?.timeMs ?? 0));
    await expect(`${lines.join('\n')}\n`).toMatchFileSnapshot(`golden/${name}.txt`);
  });

  test.each(captureNames)('%s: no DHCP option of it is a problem', (name) => {
    const packets = readDhcp(name);
    expect(packets.length).toBeGreaterThan(3);
    expect(packets.flatMap((packet) => message(packet).problems)).toEqual([]);
  });

  test.each(captureNames)('%s: every DHCP packet survives encoding', (name) => {
    const buffer = Buffer.alloc(DHCP_BUFFER_BYTES);
    for (const packet of readDhcp(name)) {
      const before = message(packet);
      const dropped: number[] = [];
      const size = encodeDhcpInto(buffer, { ...before, maxSizeBytes: 1472 }, dropped);
      const after = decodeDhcp(buffer.subarray(0, size));
      if (!after.ok) throw new Error(after.error);
      expect(dropped).toEqual([]);
      // The order on the wire and NULs at the end of texts are ours; everything else must be the same.
      const { wire: _before, sizeBytes: _size, ...rest } = before;
      expect(after.value).toMatchObject(rest);
      expect([...after.value.wire.keys()].sort()).toEqual([...before.wire.keys()].sort());
    }
  });

  test.each(captureNames)('%s: every TFTP packet survives encoding byte for byte', (name) => {
    for (const packet of readTftp(name)) {
      const result = decodeTftp(packet.payload);
      if (!result.ok) throw new Error(result.error);
      expect(encodeTftp(result.value).equals(packet.payload)).toBe(true);
    }
  });

  test('every HTTP request of OVMF, AAVMF and iPXE is taken', () => {
    const heads = captureNames.flatMap(readHeads).filter((head) => !head.toString('latin1').startsWith('HTTP/'));
    const seen = heads.map((head) => {
      const result = parseHttpRequest(head);
      return result.ok
        ? `${result.value.method} ${result.value.headers.get('user-agent')?.split('/')[0]}`
        : result.error;
    });
    expect(new Set(seen)).toEqual(new Set(['HEAD UefiHttpBoot', 'GET UefiHttpBoot', 'GET iPXE']));
    expect(seen.length).toBeGreaterThan(40);
  });
});

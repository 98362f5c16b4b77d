import { expect, test } from 'vitest';
import { cleanText } from '../../../src/core/clean-text.ts';
import { classifyDhcpClient } from '../../../src/protocols/dhcp/classify-dhcp-client.ts';
import { decodeDhcp } from '../../../src/protocols/dhcp/decode-dhcp.ts';
import { DHCP_BUFFER_BYTES, encodeDhcpInto } from '../../../src/protocols/dhcp/encode-dhcp.ts';
import { renderDhcp } from '../../../src/protocols/dhcp/render-dhcp.ts';
import { captureNames, readDhcp } from '../captures.ts';
import { feedNoise } from '../seeded-noise.ts';
import { ascii, packet } from './dhcp-bytes.ts';

const odd = packet([
  [53, 1],
  [52, 3],
  [82, 1, 3, 97, 98, 99, 2, 2, 1, 2, 5, 4, 10, 0, 0, 0],
  [119, 3, 101, 110, 103, 0, 1, 97, 0xc0, 0],
  [121, 24, 10, 1, 2, 10, 0, 0, 1],
  [43, 6, 1, 8, 255],
  [77, 4, ...ascii('iPXE')],
  [124, 0, 0, 1, 55, 1, 65],
]);

test('60,000 damaged packets: nothing thrown, every answer bounded, every text clean', () => {
  const samples = [odd, ...captureNames.flatMap((name) => readDhcp(name).map((one) => one.payload))];
  const buffer = Buffer.alloc(DHCP_BUFFER_BYTES);
  let whole = 0;
  let count = 0;
  feedNoise(samples, 60_000, 67, (bytes) => {
    const result = decodeDhcp(bytes);
    if (!result.ok) return;
    whole += 1;
    classifyDhcpClient(result.value);
    const size = encodeDhcpInto(buffer, result.value);
    if (size < 300 || size > DHCP_BUFFER_BYTES) throw new Error(`${size} bytes`);
    // What is written must be readable: one in sixteen, for time.
    count += 1;
    if (count % 16 !== 0) return;
    const again = decodeDhcp(buffer.subarray(0, size));
    if (!again.ok) throw new Error(again.error);
    for (const line of renderDhcp(result.value)) {
      if (line.trim() !== cleanText(line, 1000)) throw new Error(`not clean: ${JSON.stringify(line)}`);
    }
  });
  expect(whole).toBeGreaterThan(15_000);
}, 120_000);

test('64 KB of tiny options are shown in a bounded number of lines', () => {
  const bytes = Buffer.alloc(65_507, 1);
  bytes.set(packet([[53, 1]]).subarray(0, -1));
  for (let at = 243; at + 2 < bytes.length; at += 2) bytes.set([1 + (at % 250), 0], at);
  const result = decodeDhcp(bytes);
  if (!result.ok) throw new Error(result.error);
  expect(renderDhcp(result.value).length).toBeLessThan(260);
});

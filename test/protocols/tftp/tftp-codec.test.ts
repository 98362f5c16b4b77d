import { describe, expect, test } from 'vitest';
import { decodeTftp } from '../../../src/protocols/tftp/decode-tftp.ts';
import { encodeTftp } from '../../../src/protocols/tftp/encode-tftp.ts';
import { negotiateTftp } from '../../../src/protocols/tftp/negotiate-tftp.ts';
import { encodeNetascii } from '../../../src/protocols/tftp/netascii.ts';
import { renderTftp } from '../../../src/protocols/tftp/render-tftp.ts';
import { createTftpImage, findSpan } from '../../../src/protocols/tftp/tftp-image.ts';
import type { TftpMessage, TftpRequest } from '../../../src/protocols/tftp/tftp-message.ts';
import { feedNoise } from '../seeded-noise.ts';

const raw = (text: string) => Buffer.from(text, 'latin1');

const good: readonly [string, Buffer, TftpMessage][] = [
  [
    'what OVMF asks',
    raw('\0\x01ipxe.efi\0octet\0tsize\x000\0blksize\x001468\0windowsize\x004\0'),
    {
      kind: 'read',
      file: 'ipxe.efi',
      mode: 'octet',
      options: [
        { name: 'tsize', value: '0' },
        { name: 'blksize', value: '1468' },
        { name: 'windowsize', value: '4' },
      ],
    },
  ],
  [
    'mode and option names in capitals',
    raw('\0\x01a\0OCTET\0BLKSIZE\x00512\0'),
    { kind: 'read', file: 'a', mode: 'octet', options: [{ name: 'blksize', value: '512' }] },
  ],
  [
    'the first of two equal options, and no padding',
    raw('\0\x01a\0octet\0tsize\x000\0TSIZE\x009\0\0\0\0'),
    { kind: 'read', file: 'a', mode: 'octet', options: [{ name: 'tsize', value: '0' }] },
  ],
  [
    'an option without its NUL is not read',
    raw('\0\x01a\0octet\0blksize\x001468'),
    { kind: 'read', file: 'a', mode: 'octet', options: [] },
  ],
  ['a write request', raw('\0\x02a\0octet\0'), { kind: 'write', file: 'a', mode: 'octet', options: [] }],
  ['data', raw('\0\x03\xff\xffab'), { kind: 'data', block: 65535, data: raw('ab') }],
  ['the empty last block', raw('\0\x03\0\x01'), { kind: 'data', block: 1, data: raw('') }],
  ['an ACK with something behind it', raw('\0\x04\x01\x02xx'), { kind: 'ack', block: 258 }],
  ['an error', raw('\0\x05\0\x08User aborted\0'), { kind: 'error', code: 8, message: 'User aborted' }],
  ['an error without NUL', raw('\0\x05\0\0x'), { kind: 'error', code: 0, message: 'x' }],
  ['an error that paints', raw('\0\x05\0\0\x1b[31mred\x1b[0m\0'), { kind: 'error', code: 0, message: 'red' }],
  ['an OACK', raw('\0\x06tsize\x00850528\0'), { kind: 'oack', options: [{ name: 'tsize', value: '850528' }] }],
];

const bad: readonly [string, Buffer, string][] = [
  ['nothing', raw(''), '0 bytes are too few for TFTP'],
  ['three bytes', raw('\0\x04\0'), '3 bytes are too few for TFTP'],
  ['operation 9', raw('\0\x09ab'), '9 is no TFTP operation'],
  ['no NUL at all', raw('\0\x01ipxe.efi'), 'the request lacks a file name or a mode'],
  ['no mode', raw('\0\x01ipxe.efi\0'), 'the request lacks a file name or a mode'],
  ['no NUL after the mode', raw('\0\x01ipxe.efi\0octet'), 'the request lacks a file name or a mode'],
  ['no file name', raw('\0\x01\0octet\0'), 'the request has an empty file name'],
  ['64 KB', Buffer.concat([raw('\0\x01'), Buffer.alloc(65_000, 97)]), 'a request of 65002 bytes is too long'],
];

describe('the TFTP codec', () => {
  test.each(good)('reads %s', (_name, bytes, message) => {
    expect(decodeTftp(bytes)).toEqual({ ok: true, value: message });
  });

  test.each(bad)('refuses %s', (_name, bytes, reason) => {
    expect(decodeTftp(bytes)).toEqual({ ok: false, error: reason });
  });

  test.each(good)('writes what it reads: %s', (_name, _bytes, message) => {
    expect(decodeTftp(encodeTftp(message))).toEqual({ ok: true, value: message });
  });

  test('a NUL in a text cannot make an option', () => {
    const bytes = encodeTftp({ kind: 'read', file: 'a\0octet\0blksize\x008', mode: 'octet', options: [] });
    expect(decodeTftp(bytes)).toMatchObject({ value: { file: 'aoctetblksize8', options: [] } });
  });

  test('200,000 damaged packets', () => {
    feedNoise(
      good.map(([, bytes]) => bytes),
      200_000,
      69,
      (bytes) => {
        const result = decodeTftp(bytes);
        if (result.ok) {
          expectShort(renderTftp(result.value));
          encodeTftp(result.value);
        }
      },
    );
  });
});

function expectShort(text: string): void {
  if (text.length > 4000) throw new Error(`${text.length} characters for one packet`);
}

const request = (options: Readonly<Record<string, string>>, more: Partial<TftpRequest> = {}): TftpRequest => ({
  kind: 'read',
  file: 'a',
  mode: 'octet',
  options: Object.entries(options).map(([name, value]) => ({ name, value })),
  ...more,
});

const negotiated: readonly [string, Readonly<Record<string, string>>, string, number, number][] = [
  ['no options: no OACK, 512 bytes', {}, '', 512, 1],
  ['OVMF probing', { tsize: '0', blksize: '1468', windowsize: '4' }, 'blksize=1468 windowsize=4 tsize=1000', 1468, 4],
  ['a block beyond the limit is lowered', { blksize: '70000' }, 'blksize=1468', 1468, 1],
  ['a block between the sizes that are kept is lowered to one of them', { blksize: '1399' }, 'blksize=1280', 1280, 1],
  ['a block of 8', { blksize: '8' }, 'blksize=8', 8, 1],
  ['a block of 7 is ignored', { blksize: '7' }, '', 512, 1],
  ['a block that is no number is ignored', { blksize: '1e3' }, '', 512, 1],
  ['a negative block is ignored', { blksize: '-1468' }, '', 512, 1],
  ['a window beyond the limit is lowered', { windowsize: '65535' }, 'windowsize=64', 512, 64],
  ['a window of 0 is ignored', { windowsize: '0' }, '', 512, 1],
  ['a timeout', { timeout: '2' }, 'timeout=2', 512, 1],
  ['a timeout of 0 is ignored', { timeout: '0' }, '', 512, 1],
  ['an unknown option is ignored', { multicast: '' }, '', 512, 1],
];

describe('negotiation', () => {
  test.each(negotiated)('%s', (_name, options, oack, blockBytes, windowBlocks) => {
    const result = negotiateTftp(request(options), 1000);
    if (!result.ok) throw new Error(result.error.message);
    expect(result.value.accepted.map((one) => `${one.name}=${one.value}`).join(' ')).toBe(oack);
    expect(result.value).toMatchObject({ blockBytes, windowBlocks, blockCount: Math.floor(1000 / blockBytes) + 1 });
  });

  test.each([
    ['writing', request({}, { kind: 'write' }), 2],
    ['mail', request({}, { mode: 'mail' }), 4],
    ['an empty mode', request({}, { mode: '' }), 4],
  ])('refuses %s', (_name, wish, code) => {
    expect(negotiateTftp(wish, 1)).toMatchObject({ ok: false, error: { code } });
  });
});

describe('what is sent', () => {
  test.each([
    ['a\nb', 'a\r\nb'],
    ['a\rb', 'a\r\0b'],
    ['\r\n', '\r\0\r\n'],
    ['', ''],
  ])('%j as netascii is %j', (from, to) => {
    expect(encodeNetascii(raw(from)).toString('latin1')).toBe(to);
  });

  test.each([
    [0, 1, 0],
    [511, 1, 511],
    [512, 2, 0],
    [1300, 3, 276],
  ])('an image of %i bytes has %i blocks, the last of %i bytes', (size, count, last) => {
    const file = Buffer.alloc(size, 7);
    const image = createTftpImage(file, 512);
    expect(image.blockCount).toBe(count);
    const { at, end } = findSpan(image, count - 1, count);
    expect(decodeTftp(image.bytes.subarray(at, end))).toEqual({
      ok: true,
      value: { kind: 'data', block: count, data: Buffer.alloc(last, 7) },
    });
    expect(findSpan(image, 0, count)).toEqual({ at: 0, end: image.bytes.length });
  });

  test('block 65536 is block 0 on the wire', () => {
    const image = createTftpImage(Buffer.alloc(8 * 65_537), 8);
    expect(image.bytes.readUInt16BE(findSpan(image, 65_535, 65_536).at + 2)).toBe(0);
  });
});

test('whatever sizes are asked for, there are few images of a file', () => {
  const sizes = Array.from({ length: 3000 }, (_, ask) => {
    const options = [{ name: 'blksize', value: String(8 + ask) }];
    const plan = negotiateTftp({ kind: 'read', file: 'a', mode: 'octet', options }, 1000);
    return plan.ok ? plan.value.blockBytes : undefined;
  });
  expect(new Set(sizes).size).toBeLessThanOrEqual(14);
  for (const [ask, size] of sizes.entries()) expect(size).toBeLessThanOrEqual(8 + ask);
});

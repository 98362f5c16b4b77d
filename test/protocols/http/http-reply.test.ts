import { describe, expect, test } from 'vitest';
import {
  type HttpRange,
  isSameVersion,
  parseRange,
  renderContentRange,
} from '../../../src/protocols/http/parse-range.ts';
import { contentTypeOf, renderHttpHead } from '../../../src/protocols/http/render-http-head.ts';

const part = (start: number, end: number): HttpRange => ({ kind: 'part', start, end });

const ranges: readonly [string | undefined, number, HttpRange, string | undefined][] = [
  [undefined, 100, { kind: 'whole' }, undefined],
  ['bytes=0-99', 100, part(0, 100), 'bytes 0-99/100'],
  ['bytes=0-0', 100, part(0, 1), 'bytes 0-0/100'],
  ['bytes=10-', 100, part(10, 100), 'bytes 10-99/100'],
  ['bytes=10-5000', 100, part(10, 100), 'bytes 10-99/100'],
  ['bytes=-10', 100, part(90, 100), 'bytes 90-99/100'],
  ['bytes=-5000', 100, part(0, 100), 'bytes 0-99/100'],
  ['Bytes = 1 - 2 ', 100, part(1, 3), 'bytes 1-2/100'],
  ['bytes=100-', 100, { kind: 'beyond' }, 'bytes */100'],
  ['bytes=999999999999999999999999-', 100, { kind: 'beyond' }, 'bytes */100'],
  ['bytes=-0', 100, { kind: 'beyond' }, 'bytes */100'],
  ['bytes=0-', 0, { kind: 'beyond' }, 'bytes */0'],
  ['bytes=-5', 0, { kind: 'beyond' }, 'bytes */0'],
  ['bytes=5-2', 100, { kind: 'whole' }, undefined],
  ['bytes=0-1,5-6', 100, { kind: 'whole' }, undefined],
  ['bytes=', 100, { kind: 'whole' }, undefined],
  ['bytes=-', 100, { kind: 'whole' }, undefined],
  ['bytes=a-b', 100, { kind: 'whole' }, undefined],
  ['lines=0-1', 100, { kind: 'whole' }, undefined],
];

describe('parseRange', () => {
  test.each(ranges)('%s of %i bytes', (header, size, expected, contentRange) => {
    const range = parseRange(header, size);
    expect(range).toEqual(expected);
    expect(renderContentRange(range, size)).toBe(contentRange);
  });

  test.each([
    [undefined, '"a"', true],
    ['"a"', '"a"', true],
    ['"b"', '"a"', false],
    ['W/"a"', 'W/"a"', false],
  ])('If-Range %s for %s', (ifRange, etag, expected) => {
    expect(isSameVersion(ifRange, etag)).toBe(expected);
  });
});

describe('renderHttpHead', () => {
  test('always tells the length and never chunks', () => {
    const headers = { 'Content-Type': 'application/efi', 'content-length': '7', 'Transfer-Encoding': 'chunked' };
    expect(renderHttpHead({ status: 200, contentLength: 850_528, keepAlive: true, headers })).toBe(
      'HTTP/1.1 200 OK\r\nContent-Type: application/efi\r\nContent-Length: 850528\r\nConnection: keep-alive\r\n\r\n',
    );
  });

  test('a value cannot start a header', () => {
    const head = renderHttpHead({
      status: 302,
      contentLength: 0,
      keepAlive: false,
      headers: { Location: '/a\r\nSet-Cookie: b', 'X\r\nY': 'c' },
    });
    expect(head).toBe(
      'HTTP/1.1 302 Found\r\nLocation: /a Set-Cookie: b\r\nContent-Length: 0\r\nConnection: close\r\n\r\n',
    );
  });

  test('204 has no length (RFC 9110 8.6)', () => {
    expect(renderHttpHead({ status: 204, contentLength: 0, keepAlive: true })).not.toContain('Length');
  });

  test.each([
    ['ipxe.efi', 'application/efi'],
    ['TALOS.ISO', 'application/vnd.efi-iso'],
    ['disk.img', 'application/vnd.efi-img'],
    ['boot.ipxe', 'text/plain; charset=utf-8'],
    ['vmlinuz', 'application/octet-stream'],
    ['constructor', 'application/octet-stream'],
    ['a.constructor', 'application/octet-stream'],
  ])('%s is %s', (name, type) => {
    expect(contentTypeOf(name)).toBe(type);
  });
});

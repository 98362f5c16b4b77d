import { describe, expect, test } from 'vitest';
import type { HttpRequest } from '../../../src/protocols/http/http-request.ts';
import { findHeadEnd, parseHttpRequest } from '../../../src/protocols/http/parse-http-request.ts';
import { feedNoise } from '../seeded-noise.ts';

const raw = (text: string) => Buffer.from(text, 'latin1');
const get = (target: string, ...headers: string[]) =>
  raw(`GET ${target} HTTP/1.1\r\n${['Host: 10.0.0.1', ...headers].map((line) => `${line}\r\n`).join('')}\r\n`);

function parsed(bytes: Buffer): HttpRequest {
  const result = parseHttpRequest(bytes);
  if (!result.ok) throw new Error(result.error.reason);
  return result.value;
}

describe('a request', () => {
  test('of OVMF', () => {
    const head = raw(
      'HEAD /ipxe.efi HTTP/1.1\r\nHost: 10.77.189.1\r\nAccept: */*\r\nUser-Agent: UefiHttpBoot/1.0\r\n\r\n',
    );
    expect(parsed(head)).toEqual({
      method: 'HEAD',
      path: '/ipxe.efi',
      segments: ['ipxe.efi'],
      query: new Map(),
      headers: new Map([
        ['host', '10.77.189.1'],
        ['accept', '*/*'],
        ['user-agent', 'UefiHttpBoot/1.0'],
      ]),
      version: '1.1',
      keepAlive: true,
      contentLength: 0,
    });
  });

  test('of iPXE: + is no space, %20 is one, a wrong % stays', () => {
    const { query } = parsed(
      get('/boot.ipxe?version=1.21.1+git&product=LabServer%201&busid=%01%1A%F&empty=&bare&version=2'),
    );
    expect(Object.fromEntries(query)).toEqual({
      version: '1.21.1+git',
      product: 'LabServer 1',
      busid: '%01%1A%F',
      empty: '',
      bare: '',
    });
  });

  test.each([
    ['1.1 stays open', 'HTTP/1.1', '', true],
    ['1.1 with close', 'HTTP/1.1', 'Connection: Close\r\n', false],
    ['1.1 with a list', 'HTTP/1.1', 'Connection: x, close\r\n', false],
    ['1.0 closes', 'HTTP/1.0', '', false],
    ['1.0 with keep-alive', 'HTTP/1.0', 'Connection: Keep-Alive\r\n', true],
  ])('connection: %s', (_name, protocol, line, keepAlive) => {
    expect(parsed(raw(`GET / ${protocol}\r\nHost: a\r\n${line}\r\n`)).keepAlive).toBe(keepAlive);
  });

  test('1.0 needs no Host', () => {
    expect(parsed(raw('GET / HTTP/1.0\r\n\r\n')).path).toBe('/');
  });

  test('two headers of one name are joined, a body is announced', () => {
    const { headers, contentLength } = parsed(get('/', 'X-A: 1', 'x-a:\t2 ', 'Content-Length: 12'));
    expect([headers.get('x-a'), contentLength]).toEqual(['1, 2', 12]);
  });
});

const paths: readonly [string, string | number][] = [
  ['/', '/'],
  ['//a///b/', '/a/b'],
  ['/a%20b', '/a b'],
  ['/a%252e', '/a%2e'],
  ['/%c3%a4', '/ä'],
  ['/..', 400],
  ['/a/../b', 400],
  ['/a/./b', 400],
  ['/%2e%2e/etc/passwd', 400],
  ['/%2E./x', 400],
  ['/a%2fb', 400],
  ['/a%5c..%5cb', 400],
  ['/a\\b', 400],
  ['/a%00.efi', 400],
  ['/a%0d%0aX: y', 400],
  ['/a%', 400],
  ['/a%zz', 400],
  ['/%ff', 400],
  ['/a#b', 400],
  ['http://10.0.0.1/a', '/a'],
  ['HTTP://[fe80::1%25eth0]:80//a', '/a'],
  ['http://10.0.0.1', '/'],
  ['http://10.0.0.1?a=/b', '/'],
  ['http://10.0.0.1/a/../b', 400],
  ['http:///a', 400],
  ['http://user@10.0.0.1/a', 400],
  ['https://10.0.0.1/a', 400],
  ['http:/10.0.0.1/a', 400],
  ['*', 400],
  ['a', 400],
  [`/${'a/'.repeat(40)}`, 400],
  [`/${'a'.repeat(9000)}`, 414],
];

describe('a path', () => {
  test.each(paths)('%s', (target, expected) => {
    const result = parseHttpRequest(get(target));
    expect(result.ok ? result.value.path : result.error.status).toBe(expected);
  });
});

const refused: readonly [string, Buffer, number][] = [
  ['two lengths', get('/', 'Content-Length: 1', 'Content-Length: 2'), 400],
  ['the same length twice', get('/', 'Content-Length: 1', 'content-length: 1'), 400],
  ['a list of lengths', get('/', 'Content-Length: 1, 1'), 400],
  ['a signed length', get('/', 'Content-Length: +1'), 400],
  ['a huge length', get('/', 'Content-Length: 99999999999999999999'), 413],
  ['chunks', get('/', 'Transfer-Encoding: chunked'), 501],
  ['chunks and a length', get('/', 'Content-Length: 1', 'Transfer-Encoding: chunked'), 501],
  ['a space before the colon', get('/', 'Content-Length : 1'), 400],
  ['a folded line', get('/', 'X: a', ' b'), 400],
  ['a bare CR', get('/', 'X: a\rContent-Length: 5'), 400],
  ['a bare LF', get('/', 'X: a\nContent-Length: 5'), 400],
  ['a NUL', get('/', 'X: a\0b'), 400],
  ['a control character', get('/', 'X: a\u001b[2J'), 400],
  ['no colon', get('/', 'X'), 400],
  ['no name', get('/', ': x'), 400],
  ['two hosts', get('/', 'Host: b'), 400],
  ['no host', raw('GET / HTTP/1.1\r\n\r\n'), 400],
  ['a host with a path', raw('GET / HTTP/1.1\r\nHost: a/b\r\n\r\n'), 400],
  ['100 headers', get('/', ...Array.from({ length: 100 }, (_, i) => `X-${i}: 1`)), 431],
  ['a head of 20 KB', get('/', `X: ${'a'.repeat(20_000)}`), 431],
  ['HTTP/2.0', raw('GET / HTTP/2.0\r\nHost: a\r\n\r\n'), 505],
  ['HTTP/0.9', raw('GET /\r\n\r\n'), 400],
  ['two spaces', raw('GET  / HTTP/1.1\r\nHost: a\r\n\r\n'), 400],
  ['a lower-case method', raw('get / HTTP/1.1\r\nHost: a\r\n\r\n'), 400],
  ['TLS', Buffer.from('160301020001000100000d0a0d0a', 'hex'), 400],
  ['an unfinished head', raw('GET / HTTP/1.1\r\nHost: a\r\n'), 400],
  ['nothing', raw(''), 400],
];

describe('what is read in two ways, or would flood, is refused', () => {
  test.each(refused)('%s', (_name, bytes, status) => {
    expect(parseHttpRequest(bytes)).toMatchObject({ ok: false, error: { status } });
  });

  test('200,000 damaged heads', () => {
    const samples = [get('/boot.ipxe?a=%20', 'Range: bytes=0-', 'Connection: close'), get('/%2e', 'Content-Length: 3')];
    feedNoise(samples, 200_000, 80, (bytes) => {
      const result = parseHttpRequest(bytes);
      if (result.ok && result.value.segments.some((one) => one === '..' || one.includes('/')))
        throw new Error('escaped');
    });
  });
});

describe('findHeadEnd', () => {
  test.each([
    ['GET / HTTP/1.1\r\n', 0, -1],
    ['GET / HTTP/1.1\r\n\r\nrest', 0, 18],
    ['GET / HTTP/1.1\r\n\r\n', 17, 18],
    ['\r\n\r\n', 2, 4],
  ])('%j from %i', (text, from, expected) => {
    expect(findHeadEnd(raw(text), from)).toBe(expected);
  });
});

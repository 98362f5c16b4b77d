import { describe, expect, test } from 'vitest';
import { parseFile } from '../../src/inventory/parse-file.ts';

/** The thread that answers DHCP reads the inventory, and the yaml package cannot be interrupted. */

const SIZE = 256 * 1024;
/** Of the processor, so that a busy machine changes nothing. Unbounded, each of these took seconds to minutes. */
const LIMIT_MS = 2_000;

const fill = (unit: string, head = '', tail = ''): string =>
  head + unit.repeat(Math.floor((SIZE - head.length - tail.length) / unit.length)) + tail;

function lines(make: (index: number) => string, head = ''): string {
  const all: string[] = [head];
  for (let index = 0, size = head.length; size < SIZE; index += 1) {
    const line = make(index);
    all.push(line);
    size += line.length;
  }
  return all.join('');
}

const LAUGHS = lines((i) => (i === 0 ? 'a0: &a0 [x, x, x, x, x]\n' : `a${i}: &a${i} [${`*a${i - 1}, `.repeat(6)}x]\n`));

const HOSTILE: readonly (readonly [name: string, text: string])[] = [
  ['a billion laughs', LAUGHS],
  ['one anchor and a million aliases', lines((i) => `a${i}: *b\n`, 'b: &b [1, 2, 3]\n')],
  ['an anchor for each alias, all of one name', lines((i) => `a${i}: &x 1\nb${i}: *x\n`)],
  ['a map merged again and again', lines((i) => `a${i}: { <<: *b }\n`, 'b: &b { a: 1, c: 2 }\n')],
  ['brackets that close nothing', fill('] ')],
  ['brackets that nobody closes', fill('[')],
  ['braces within braces', fill('{ a: ')],
  ['dashes within dashes', `${fill('- ')}x\n`],
  ['question marks', fill('? ')],
  ['a key within a key', fill('a: b: c\n')],
  ['quotes that open and do not close', fill('a: "\n')],
  ['a list of everything', `a: [${fill('x, ')}]\n`],
  ['empty lines', `${fill('\n')}a: 1\n`],
  ['comments', fill('# x\n')],
  ['the same key', fill('a: 1\n')],
  ['keys that are none', lines((i) => `zzz${i}: 1\n`)],
  ['lines that end as on a Macintosh', fill('a: 1\r')],
  ['directives', fill('%TAG ! x\n')],
  ['tags', lines((i) => `a${i}: !x x\n`)],
  ['anchors on nothing', fill('&a ')],
  ['stairs', lines((i) => `${' '.repeat(Math.min(i, 700))}a:\n`)],
  ['one long word', `serial: ${fill('x')}\n`],
  ['a text of a hundred thousand words', `serial: ${fill('x ')}\n`],
  ['escapes', `serial: "${fill('\\x41')}"\n`],
  ['a number of a hundred thousand digits', `unit: ${'1'.repeat(SIZE - 10)}\n`],
  ['one long key', `${fill('x')}: 1\n`],
];

describe.each(['node-01.yaml', '_site.yaml', '_profiles.yaml', '_defaults.yaml'])('in %s', (path) => {
  test.each(HOSTILE)('%s is told in a moment', { timeout: 60_000 }, (_name, text) => {
    const before = process.cpuUsage();
    const { problems, kind } = parseFile({ path, text });
    const { user, system } = process.cpuUsage(before);
    expect((user + system) / 1000).toBeLessThan(LIMIT_MS);
    expect(problems.length).toBeLessThan(300);
    // What is no more than long is judged where it is used.
    if (kind === 'machine' && !/^(serial|unit)/.test(text)) expect(problems).not.toEqual([]);
  });
});

test('what a large site needs is taken', () => {
  const net = (i: number) =>
    `  - { relay: 10.${i >> 8}.${i & 255}.1, address: 10.0.0.1, subnet: 10.${i >> 8}.${i & 255}.0/24, pool: 10.${i >> 8}.${i & 255}.100-10.${i >> 8}.${i & 255}.199, gateway: 10.${i >> 8}.${i & 255}.1, dns: [10.0.0.2, 10.0.0.3], ntp: [10.0.0.4], lease: 12h }\n`;
  const text = `site: large\nnetworks:\n${Array.from({ length: 500 }, (_, i) => net(i)).join('')}`;
  expect(parseFile({ path: '_site.yaml', text }).problems).toEqual([]);
});

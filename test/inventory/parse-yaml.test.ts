import { expect, test } from 'vitest';
import { parseYaml, parseYamlStream } from '../../src/inventory/parse-yaml.ts';
import { createReport } from '../../src/inventory/report.ts';
import { toPlain } from '../../src/inventory/yaml-tree.ts';

const valuesOf = (text: string) => {
  const { tree } = parseYaml('a.yaml', text);
  return tree === undefined ? undefined : JSON.parse(JSON.stringify(toPlain(tree)));
};

test.each<[string, string, unknown]>([
  ['CRLF lines', 'serial: A1\r\nunit: 3\r\n', { serial: 'A1', unit: 3 }],
  ['a byte order mark', '\ufeffserial: A1\n', { serial: 'A1' }],
  ['an empty text as an empty map', '# only a comment\n', {}],
  ['a number that prints as it is written as a number', 'a: 12\nb: -3', { a: 12, b: -3 }],
  [
    'a number that prints otherwise as text',
    'a: 0012\nb: 1.10\nc: 1e5\nd: 0x1A',
    { a: '0012', b: '1.10', c: '1e5', d: '0x1A' },
  ],
  ['digits beyond what a number holds as text', 'a: 12345678901234567890', { a: '12345678901234567890' }],
  ['a MAC of digits alone as text', 'a: 11:22:33:44:55:10', { a: '11:22:33:44:55:10' }],
  ['an alias as its anchor', 'a: &x [1, 2]\nb: *x', { a: [1, 2], b: [1, 2] }],
  ['a merge key, own values first', 'a: &x {k: 1, l: 1}\nb: {<<: *x, k: 2}', { a: { k: 1, l: 1 }, b: { k: 2, l: 1 } }],
  [
    'a list of merged maps, the earlier first',
    'x: &x {k: 1}\ny: &y {k: 2, l: 2}\nb: {<<: [*x, *y]}',
    { x: { k: 1 }, y: { k: 2, l: 2 }, b: { k: 1, l: 2 } },
  ],
  ['the latest anchor of a name', 'a: &x 1\nb: &x 2\nc: *x', { a: 1, b: 2, c: 2 }],
  ['a key named __proto__ as a key', '__proto__: 1', JSON.parse('{"__proto__": 1}')],
])('reads %s', (_, text, expected) => {
  expect(parseYaml('a.yaml', text).problems).toEqual([]);
  expect(valuesOf(text)).toEqual(expected);
});

const laughs = `a: &a [x,x,x,x,x,x,x,x,x,x]\n${'bcdefgh'
  .split('')
  .map((name, index) => `${name}: &${name} [${Array(10).fill(`*${'abcdefg'[index]}`).join(',')}]`)
  .join('\n')}`;

test.each<[string, string, string]>([
  ['text that is no map', 'just words', '1:1: expected a map of keys'],
  ['a list at the top', '- a\n- b', '1:1: expected a map of keys'],
  ['a tab that indents', 'talos:\n\tversion: v1', '2:1: a tab indents this line'],
  ['a second document', 'a: 1\n---\nb: 2', '2:1: a second document begins here'],
  ['a key that stands twice', 'a: 1\nb: 2\na: 3', '3:1: "a" stands here twice; first at a.yaml:1:1'],
  ['an alias without anchor', 'a: *nowhere', '1:4: alias *nowhere points to no anchor above it'],
  ['an anchor that contains itself', 'a: &x {b: *x}', '1:11: alias *x contains itself'],
  ['a merge key of no map', 'a: 1\n<<: 3', '2:5: the merge key << takes a map'],
  ['a key that is a list', '? [a]\n: 1', '1:3: a key must be one word'],
  ['an unknown tag', 'a: !vault abc', '1:4: Unresolved tag: !vault'],
  ['an unclosed quote', 'a: "abc', '1:8: not valid YAML'],
  ['a colon too many', 'a: b: c', '1:4: not valid YAML'],
  ['a billion laughs', laughs, 'aliases expand to more than 10000 values'],
  ['forty thousand brackets', '['.repeat(40_000), 'nested too deeply'],
  ['seventy levels', Array.from({ length: 70 }, (_, n) => `${' '.repeat(n)}a:`).join('\n'), 'nested more than 64'],
])('refuses %s at its place', (_, text, expected) => {
  const [first] = parseYaml('a.yaml', text).problems;
  expect(`${first?.line}:${first?.column}: ${first?.message}`).toContain(expected);
  expect(first?.severity).toBe('error');
});

test('a stream of documents is for importers', () => {
  const report = createReport();
  expect(parseYamlStream('a.yaml', 'a: 1\n---\n---\nb: 2\n', report).map(toPlain)).toHaveLength(2);
  expect(report.problems).toEqual([]);
});

import { expect, test } from 'vitest';
import { describeRival } from '../../src/core/describe-rival.ts';

const server = '127.77.0.66';
test.each([
  ['all of it', { iface: 'eth1', mac: '52:54:00:0a:00:42' }, '127.77.0.66 on eth1 (52:54:00:0a:00:42)'],
  ['its interface alone', { iface: 'eth1', mac: '' }, '127.77.0.66 on eth1'],
  ['its MAC alone', { iface: '', mac: '52:54:00:0a:00:42' }, '127.77.0.66 (52:54:00:0a:00:42)'],
  ['its address alone', { iface: '', mac: '' }, '127.77.0.66'],
])('of another DHCP server is told what is known: %s', (_, known, expected) => {
  expect(describeRival({ server, ...known })).toBe(expected);
});

import { expect, test } from 'vitest';
import { parseInventory } from '../../src/inventory/parse-inventory.ts';
import { parseBitRate } from '../../src/inventory/parse-uplink.ts';

test.each([
  ['10G', 10e9],
  ['2.5G', 2.5e9],
  ['940M', 940e6],
  ['1 Gbit/s', 1e9],
  ['100Mbps', 100e6],
  ['1000000000', 1e9],
  ['10', undefined],
  ['0G', undefined],
  ['100 MB', undefined],
  ['1GB/s', undefined],
  ['fast', undefined],
  ['-1G', undefined],
  ['99999T', undefined],
])('the rate "%s" is %s bits per second', (text, rate) => {
  expect(parseBitRate(text)).toBe(rate);
});

const uplinkOf = (text: string) => {
  const { inventory, problems } = parseInventory([{ path: '_site.yaml', text: `site: lab\n${text}\n` }]);
  return { uplink: inventory.site.uplink, errors: problems.filter((one) => one.severity === 'error') };
};

test.each([
  ['uplink: 10G', { site: 10e9, racks: {} }],
  ['uplink: { rack: 1G, racks: { r07: 2.5G } }', { rack: 1e9, racks: { r07: 2.5e9 } }],
  ['unknown: note', undefined],
])('"%s" is read', (text, uplink) => {
  expect(uplinkOf(text)).toEqual({ uplink, errors: [] });
});

test.each([
  ['uplink: 10', 2, '"10" is no rate; expected bits per second, such as 10G'],
  ['uplink: { racks: { r07: 1GB } }', 2, 'uplink.racks.r07: "1GB" is no rate'],
  ['uplink: { racks: 1G }', 2, 'expected a map, such as { r07: 2.5G }'],
  ['uplink: { sites: 1G }', 2, 'did you mean "site"?'],
  ['uplink: [1G]', 2, ''],
  ['bandwidth: 10G', 2, 'did you mean "uplink"?'],
])('"%s" is an error at its place', (text, line, message) => {
  const [error, ...more] = uplinkOf(text).errors;
  expect(more).toEqual([]);
  expect(error?.line).toBe(line);
  expect(error?.message).toContain(message);
});

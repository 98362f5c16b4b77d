import { expect, test } from 'vitest';
import { createSoonArp, parseArp } from '../../src/servers/read-arp.ts';

const TABLE = `IP address       HW type     Flags       HW address            Mask     Device
10.9.0.14        0x1         0x2         52:54:00:AB:00:01     *        eth0
10.9.0.15        0x1         0x0         00:00:00:00:00:00     *        eth0
192.168.100.200  0x1         0x6         52:54:00:00:00:03     *        a name
`;

test('who answered to ARP is known by address, and questions that nobody answered are not', () => {
  expect([...parseArp(TABLE)]).toEqual([
    ['10.9.0.14', '52:54:00:ab:00:01'],
    ['192.168.100.200', '52:54:00:00:00:03'],
  ]);
});

test.each([
  ['no table', ''],
  ['a table of nobody', 'IP address       HW type     Flags       HW address            Mask     Device\n'],
  ['something else', 'what is this 0x2\n'],
])('%s is no neighbour', (_, text) => {
  expect(parseArp(text).size).toBe(0);
});

test('who waits for a table that cannot be read goes on without it, and one reading waits for all of them', async () => {
  const read: ((table: ReadonlyMap<string, string>) => void)[] = [];
  const soon = createSoonArp(5, () => new Promise((resolve) => read.push(resolve)));
  expect([await soon(), await soon(), read.length]).toEqual([undefined, undefined, 1]);
  const table = new Map([['10.9.0.14', '52:54:00:00:00:01']]);
  const next = soon();
  read[0]?.(table);
  expect(await next).toBe(table);
  void soon();
  expect(read).toHaveLength(2);
});

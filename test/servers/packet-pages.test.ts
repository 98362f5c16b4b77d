import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { CapturedPacket } from '../../src/protocols/pcapng.ts';
import { createPacketPages } from '../../src/servers/packet-pages.ts';

const endpoint = fc
  .tuple(
    fc.integer({ min: 0, max: 0xffffffff }),
    fc.integer({ min: 0, max: 0xffff }),
    fc.option(fc.uint8Array({ minLength: 6, maxLength: 6 })),
  )
  .map(([address, port, mac]) => ({
    address,
    port,
    ...(mac === null ? {} : { mac: Buffer.from(mac).toString('hex').match(/../g)?.join(':') ?? '' }),
  }));

const packets: fc.Arbitrary<CapturedPacket> = fc
  .tuple(
    endpoint,
    endpoint,
    fc.uint8Array({ maxLength: 900 }),
    fc.option(fc.string({ unit: 'grapheme', maxLength: 80 })),
  )
  .map(([source, destination, payload, comment]) => ({
    timeMs: 1_760_000_000_123,
    source,
    destination,
    payload: Buffer.from(payload),
    ...(comment === null || comment === '' ? {} : { comment }),
  }));

test('what was put into the pages comes out as it was, until its page is let go', () => {
  fc.assert(
    fc.property(fc.array(packets, { maxLength: 60 }), (list) => {
      const pages = createPacketPages(1_000_000);
      const places = list.map(pages.add);
      for (const [at, place] of places.entries()) expect(pages.read(place)).toEqual(list[at]);
      expect(places.map(pages.timeOf)).toEqual(list.map((one) => one.timeMs));
    }),
    { seed: 3, numRuns: 100 },
  );
});

test('memory is bounded: the oldest page goes, and its packets read as gone', () => {
  const pages = createPacketPages(100_000);
  const one: CapturedPacket = {
    timeMs: 1,
    source: { address: 1, port: 2 },
    destination: { address: 3, port: 4 },
    payload: Buffer.alloc(1000, 7),
  };
  const places = Array.from({ length: 2000 }, () => pages.add(one));
  expect(pages.read(places[0] ?? 0)).toBeUndefined();
  expect(pages.read(places.at(-1) ?? 0)).toEqual(one);
  expect(pages.sizeBytes()).toBeLessThanOrEqual(100_000);
});

test('a datagram of the largest size has a page of its own', () => {
  const pages = createPacketPages(1_000_000);
  const large = {
    timeMs: 1,
    source: { address: 1, port: 2 },
    destination: { address: 3, port: 4 },
    payload: Buffer.alloc(65_507, 5),
    comment: 'x'.repeat(3000),
  };
  const place = pages.add(large);
  expect(pages.read(place)?.payload).toEqual(large.payload);
  expect(pages.read(place)?.comment?.length).toBe(2000);
});

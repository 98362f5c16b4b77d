import { describe, expect, test } from 'vitest';
import type { LogLine } from '../../src/core/ports.ts';
import { createLineRing } from '../../src/engine/line-ring.ts';
import { createRandom } from '../seeded-random.ts';

const line = (at: number, text = `line ${at}`): LogLine => ({ at, node: 'n1', source: 'talos', level: 'info', text });

describe('lines as bytes', () => {
  test('each comes back as it was: every source and level, no text, text beyond ASCII, a text longer than a block', () => {
    const ring = createLineRing('é1');
    const sources: LogLine['source'][] = ['kernel', 'talos', 'dhcp', 'tftp', 'http', 'bmc', 'engine'];
    const levels: LogLine['level'][] = ['debug', 'info', 'warn', 'error'];
    const lines = sources.flatMap((source) =>
      levels.flatMap((level) =>
        ['', 'größer 漢字 👍', 'x'.repeat(9000)].flatMap((text) =>
          ['é1', 'n2'].map((node) => ({ at: 1_760_000_000_123.5, node, source, level, text })),
        ),
      ),
    );
    for (const one of lines) ring.add(one);
    expect(ring.read(0, 1000)).toEqual(lines);
  });

  test('what is cut is gone to the line, and its bytes with its block', () => {
    const ring = createLineRing();
    for (let at = 0; at < 1000; at += 1) ring.add(line(at));
    const full = ring.sizeBytes;
    ring.cut(150);
    expect([ring.first, ring.next, ring.read(ring.first, 1000).length]).toEqual([850, 1000, 150]);
    expect(ring.read(850, 1)).toEqual([line(850)]);
    expect(ring.read(997, 500).map(({ at }) => at)).toEqual([997, 998, 999]);
    expect(ring.sizeBytes).toBeLessThan(full / 2);
    ring.cut(0);
    expect([ring.first, ring.sizeBytes, ring.read(0, 10)]).toEqual([1000, 0, []]);
    ring.add(line(1000));
    expect(ring.read(1000, 10)).toEqual([line(1000)]);
  });

  test('whatever is packed and cut in between, what is left is the last lines, and no more bytes than a few lines beyond', () => {
    const share = createRandom(7);
    const random = (below: number) => Math.floor(share() * below);
    const ring = createLineRing('n1');
    let model: LogLine[] = [];
    for (let at = 0; at < 3000; at += 1) {
      const one = line(at, 'x'.repeat(random(400)));
      ring.add(one);
      model.push(one);
      if (random(20) === 0) ring.pack();
      if (random(50) !== 0) continue;
      const left = random(150);
      ring.cut(left);
      model = model.slice(Math.max(0, model.length - left));
      expect(ring.read(0, 1000)).toEqual(model);
      expect(ring.read(at - 3, 2)).toEqual(model.filter((kept) => kept.at >= at - 3).slice(0, 2));
      const bytes = model.reduce((sum, { text }) => sum + text.length + 100, 0);
      expect(ring.sizeBytes).toBeLessThan(bytes + 32 * 420);
    }
  });

  test('what nobody could read is cut short, and the lines behind it stay', () => {
    const ring = createLineRing();
    ring.add(line(1, '漢'.repeat(50_000)));
    ring.add(line(2));
    expect(ring.read(0, 2)[0]?.text).toHaveLength(20_000);
    expect(ring.read(1, 1)).toEqual([line(2)]);
  });
});

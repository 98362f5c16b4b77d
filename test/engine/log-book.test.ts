import { describe, expect, test } from 'vitest';
import { ALL_LINES, createLogBook, type LogBook } from '../../src/engine/log-book.ts';

/** Of a line with this text, and what stands before it: some nine of them are one block. */
const LONG = 'x'.repeat(400);
const LONG_BYTES = 420;

function say(book: LogBook, node: string, count: number, text = 'x'.repeat(20)): void {
  for (let i = 0; i < count; i += 1) book.write({ at: i, node, source: 'kernel', level: 'info', text: `${text}${i}` });
}

/** All that can be read of it, from the first line that is still there. */
function kept(book: LogBook, source: string): { readonly from: number; readonly to: number; readonly last?: string } {
  const from = book.read(source, 0).fromLine;
  for (let to = from, last: string | undefined; ; ) {
    const slice = book.read(source, to);
    if (slice.lines.length === 0) return { from, to, ...(last === undefined ? {} : { last }) };
    to = slice.nextLine;
    last = slice.lines.at(-1)?.text;
  }
}

describe('the lines in memory', () => {
  test('a machine keeps its last lines, and their numbers go on', () => {
    const book = createLogBook();
    say(book, 'n1', 6000, '');
    const { from, to, last } = kept(book, 'n1');
    expect([to, last]).toEqual([6000, '5999']);
    expect(to - from).toBe(2000);
    expect(kept(book, ALL_LINES).to).toBe(6000);
    expect(book.read('nobody', 0)).toEqual({ fromLine: 0, nextLine: 0, lines: [] });
  });

  test('when all together are too many, the machine that is quiet longest gives its oldest lines', () => {
    const book = createLogBook({ linesKept: 1000, linesLeft: 100, totalBytes: 1500 * LONG_BYTES });
    for (const node of ['quiet', 'busy']) say(book, node, 600, LONG);
    say(book, 'quiet', 1, LONG);
    say(book, 'newest', 400, LONG);
    // `busy` was quiet longest when the room ended: it gave, and the others have all.
    expect(['quiet', 'busy', 'newest'].map((node) => kept(book, node))).toMatchObject([
      { from: 0, to: 601 },
      { from: 500, to: 600 },
      { from: 0, to: 400 },
    ]);
    say(book, 'newest', 500, LONG);
    expect(kept(book, 'quiet')).toMatchObject({ from: 501, to: 601 });
  });

  test('every machine keeps its last lines, however many machines there are and however much one says', () => {
    const book = createLogBook({ linesKept: 1000, linesLeft: 40, totalBytes: 1 });
    for (let i = 0; i < 50; i += 1) say(book, `n${i}`, 45);
    say(book, 'loud', 5000);
    for (let i = 0; i < 50; i += 1) expect(kept(book, `n${i}`)).toMatchObject({ from: 0, to: 45 });
    const { from, to } = kept(book, 'loud');
    expect(to).toBe(5000);
    expect(to - from).toBeGreaterThanOrEqual(40);
    expect(to - from).toBeLessThanOrEqual(50);
  });

  test('2,000 machines that boot again and again stay within the total', () => {
    const totalBytes = 16 * 1024 * 1024;
    const book = createLogBook({ linesKept: 60, linesLeft: 5, totalBytes });
    let most = 0;
    for (let boot = 0; boot < 6; boot += 1)
      for (let i = 0; i < 2000; i += 1) {
        say(book, `n${i}`, 20, LONG);
        most = Math.max(most, book.sizeBytes());
      }
    expect(most).toBeLessThanOrEqual(totalBytes);
    expect(most).toBeGreaterThan(totalBytes * 0.9);
    expect(kept(book, 'n0').to).toBe(120);
  });

  test('lines of a machine that is quiet for a minute become bytes, a few machines at a time, and are the same lines', () => {
    const book = createLogBook();
    for (let i = 0; i < 120; i += 1) say(book, `n${i}`, 10);
    const [asObjects, before] = [book.sizeBytes(), kept(book, 'n7')];
    const last = 9;
    book.tidy(last + 59_000);
    expect(book.sizeBytes()).toBe(asObjects);
    const sizes = [1, 2, 3, 4].map(() => {
      book.tidy(last + 60_000);
      return book.sizeBytes();
    });
    expect(sizes[0]).toBeLessThan(asObjects);
    expect(sizes[1]).toBeLessThan(sizes[0] ?? 0);
    expect(sizes[2]).toBeLessThan(asObjects / 2);
    expect(sizes[3]).toBe(sizes[2]);
    expect(kept(book, 'n7')).toEqual(before);
    say(book, 'n7', 40);
    expect(kept(book, 'n7')).toMatchObject({ from: 0, to: 50 });
  });

  test('long lines count as what they are', () => {
    const book = createLogBook({ linesKept: 1000, linesLeft: 5, totalBytes: 100_000 });
    say(book, 'n1', 20, 'y'.repeat(4000));
    expect(kept(book, 'n1').from).toBe(0);
    say(book, 'n1', 20, 'y'.repeat(4000));
    expect(kept(book, 'n1').to - kept(book, 'n1').from).toBeLessThan(26);
  });
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { EMPTY_EDIT, editOf } from '../../../src/ui/state/edit-text.ts';
import { widthOf } from '../../../src/ui/terminal/fit-text.ts';
import { readTerminalProfile } from '../../../src/ui/terminal/terminal-profile.ts';
import { createTheme } from '../../../src/ui/terminal/theme.ts';
import { renderFrame, renderRule } from '../../../src/ui/widgets/frame.ts';
import { renderBar } from '../../../src/ui/widgets/progress-bar.ts';
import { renderEnds, renderSpans } from '../../../src/ui/widgets/spans.ts';
import { renderSparkline } from '../../../src/ui/widgets/sparkline.ts';
import { type Column, placeColumns, renderTable } from '../../../src/ui/widgets/table.ts';
import { tabSpans } from '../../../src/ui/widgets/tabs.ts';
import { fieldSpans } from '../../../src/ui/widgets/text-field.ts';

const theme = createTheme(readTerminalProfile({ TERM: 'linux', LANG: 'C.UTF-8' }));
// biome-ignore lint/suspicious/noControlCharactersInRegex: colours are taken off to see the text
const bare = (text: string) => text.replace(/\u001b\[[\d;]*m/g, '');

interface Row {
  readonly a: string;
  readonly b: string;
}
const columns: readonly Column<Row>[] = [
  { title: 'name', width: 10, min: 4, text: (row) => row.a, tone: () => 'bad' },
  { title: 'what', width: 8, min: 4, grow: true, text: (row) => row.b },
  { title: 'age', width: 5, right: true, text: () => '1:00' },
];

describe('a table', () => {
  test.each([
    [40, ['name', 'what', 'age'], [10, 23, 5]],
    [20, ['name', 'what', 'age'], [9, 4, 5]],
    [12, ['name', 'what'], [7, 4]],
    [5, ['name'], [5]],
  ])('in %d columns keeps the left ones', (width, titles, widths) => {
    const placed = placeColumns(columns, width);
    expect([placed.map((one) => one.title), placed.map((one) => one.columns)]).toEqual([titles, widths]);
  });

  test('every line is as wide as its place', () => {
    const rows = [
      { a: 'r07-u33', b: '機器 is broken beyond all repair' },
      { a: '', b: '' },
    ];
    fc.assert(
      fc.property(fc.integer({ min: 8, max: 120 }), (width) => {
        for (const line of renderTable(
          theme,
          columns,
          rows,
          { top: 0, cursor: 0, marked: () => false },
          { width, height: 5 },
        ))
          expect(widthOf(bare(line))).toBe(width);
      }),
    );
  });

  test('cursor and mark show without colours; the cursor row has none', () => {
    const lines = renderTable(
      theme,
      columns,
      [
        { a: 'x', b: 'y' },
        { a: 'z', b: 'w' },
      ],
      { top: 0, cursor: 0, marked: (at) => at === 1 },
      { width: 30, height: 3 },
    );
    expect(lines[1]?.startsWith('\u001b[7m>  x')).toBe(true);
    expect(lines[1]?.endsWith('\u001b[27m')).toBe(true);
    expect(lines[1]).not.toContain('31');
    expect(bare(lines[2] ?? '')).toMatch(/^ \* z/);
  });

  test('a thousand rows cost only the window', () => {
    const rows = Array.from({ length: 1000 }, (_, at) => ({ a: `n${at}`, b: '' }));
    expect(
      renderTable(theme, columns, rows, { top: 500, cursor: 500, marked: () => false }, { width: 30, height: 11 })
        .length,
    ).toBe(11);
  });
});

describe('bars', () => {
  test.each([
    [0, '░░░░░░░░░░'],
    [1, '░░░░░░░░░░'],
    [50, '█████░░░░░'],
    [99.9, '█████████░'],
    [100, '██████████'],
    [250, '██████████'],
    [-5, '░░░░░░░░░░'],
    [Number.NaN, '░░░░░░░░░░'],
  ])('%d percent', (percent, expected) => {
    expect(renderBar(theme, percent, 10)).toBe(expected);
  });
});

test('a sparkline keeps the newest on the right and zero low', () => {
  expect(renderSparkline(theme, [0, 5, 10], 5)).toBe('  ·▒█');
  expect(renderSparkline(theme, [], 3)).toBe('   ');
});

describe('lines', () => {
  test('are cut before they are painted', () => {
    expect(renderSpans(theme, [['abcdef', 'bad']], 4)).toBe('\u001b[1m\u001b[31mabc\u001b[39m\u001b[22m~');
  });

  test('the right end outlives the left one', () => {
    expect(bare(renderEnds(theme, ['a long text on the left'], ['14:02'], 12))).toBe('a lon~ 14:02');
    expect(bare(renderEnds(theme, ['left'], ['14:02'], 12))).toBe('left   14:02');
    expect(bare(renderEnds(theme, ['left'], ['14:02:31'], 5))).toBe('14:0~');
  });

  test('a rule takes as many pieces as fit', () => {
    expect(renderRule(theme, ['LOG', 'f follow', 'w wrap'], 20)).toBe('─LOG ── f follow ───');
    expect(renderRule(theme, [], 4)).toBe('────');
  });
});

test('a frame is closed at every size', () => {
  fc.assert(
    fc.property(fc.integer({ min: 4, max: 90 }), fc.string({ maxLength: 30 }), (width, title) => {
      const lines = renderFrame(theme, title.replace(/[^\x20-\x7e]/g, '?'), [['x'.repeat(100)], ['y']], width);
      expect(lines.length).toBe(4);
      for (const line of lines) expect(widthOf(bare(line))).toBe(width);
    }),
  );
});

describe('a text field', () => {
  const shown = (text: string, at: number, width: number) =>
    fieldSpans(theme, { text, at }, width, true)
      .map((span) => (typeof span === 'string' ? span : `[${span[0]}]`))
      .join('');
  test.each([
    ['empty', '', 0, 10, '_'],
    ['at the end', 'fail', 4, 10, 'fail_'],
    ['inside', 'fail', 1, 10, 'f[a]il'],
    ['longer than its place', 'abcdefghij', 10, 5, 'ghij_'],
  ])('%s', (_name, text, at, width, expected) => {
    expect(shown(text, at, width)).toBe(expected);
  });

  test('shows what it cannot show as a question mark', () => {
    expect(fieldSpans(theme, editOf('a機'), 10, false)).toEqual(['a?']);
    expect(fieldSpans(theme, EMPTY_EDIT, 10, false)).toEqual(['']);
  });
});

test('the open tab is in brackets', () => {
  expect(bare(renderSpans(theme, tabSpans(['racks', 'list'], 'list'), 16))).toBe(' racks  [list]  ');
});

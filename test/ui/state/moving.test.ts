import { describe, expect, test } from 'vitest';
import { rowCount } from '../../../src/ui/screens/row-count.ts';
import { windowTop } from '../../../src/ui/select/layout.ts';
import { pressKeys } from '../../../src/ui/state/press-key.ts';
import { resizeTo } from '../../../src/ui/state/resize-to.ts';
import { routeOf } from '../../../src/ui/state/ui-state.ts';
import { play, sampleModel } from '../sample-model.ts';

const cursorAfter = (...keys: readonly string[]) => play(sampleModel('failure'), keys).model.ui.cursor.nodes;

describe('the cursor', () => {
  test.each<[string, readonly string[], string]>([
    ['down', ['j'], 'r07-u32'],
    ['up', ['k'], 'r07-u34'],
    ['a burst of autorepeat loses no step', ['jjjjj'], 'r07-u28'],
    ['first and last', ['g'], 'r07-u40'],
    ['last', ['G'], 'r07-u01'],
    ['to the other column', ['l'], 'r07-u13'],
    ['and back', ['l', 'h'], 'r07-u33'],
    ['over the end it stays', ['G', 'j'], 'r07-u01'],
    ['half a page is half of both columns', ['<pgdn>'], 'r07-u13'],
    ['the next problem', ['n'], 'r07-u12'],
    ['round to the first problem', ['n', 'n'], 'r07-u33'],
    ['the next rack begins at its top', [']', 'j'], 'r08-u39'],
  ])('%s', (_name, keys, expected) => {
    expect(cursorAfter(...keys)).toBe(expected);
  });

  test('60 keys in one chunk are 60 steps', () => {
    expect(cursorAfter('2', 'g', 'j'.repeat(60))).toBe('r07-u20');
  });

  test('stays on its machine when the order changes', () => {
    expect(cursorAfter('2', 's', 's')).toBe('r07-u33');
  });

  test('the status line counts', () => {
    expect(rowCount(sampleModel('failure'))).toBe('row 8/40');
    expect(rowCount(play(sampleModel('failure'), ['2']).model)).toBe('row 48/120');
    expect(rowCount(sampleModel('empty'))).toBe('');
  });

  test('a resize keeps it in view', () => {
    const small = resizeTo(play(sampleModel('normal', 80, 60), ['2', 'G']).model, { columns: 80, rows: 12 });
    const top = small.ui.tops.nodes ?? 0;
    expect(119 - top).toBeLessThan(12);
  });
});

describe('windows', () => {
  test.each<[string, number, number, number, number, number]>([
    ['stays while the cursor is inside', 5, 7, 100, 10, 5],
    ['goes up with the cursor', 5, 3, 100, 10, 3],
    ['goes down with the cursor', 5, 15, 100, 10, 6],
    ['does not run past the end', 95, 99, 100, 10, 90],
    ['shows a short list whole', 3, 0, 4, 10, 0],
  ])('a window %s', (_name, top, cursor, count, height, expected) => {
    expect(windowTop(top, cursor, count, height)).toBe(expected);
  });
});

describe('the crumbs', () => {
  test('Enter goes in, Esc comes back', () => {
    const inside = play(sampleModel('failure'), ['<enter>', 'D']).model;
    expect(inside.ui.routes.map((route) => route.is)).toEqual(['rack', 'node', 'plan']);
    expect(play(inside, ['<esc>', '<esc>']).model.ui.routes.map((route) => route.is)).toEqual(['rack']);
  });

  test('Esc takes the filter off before it leaves', () => {
    const filtered = play(sampleModel('failure'), ['2', '/', ...'fail', '<enter>']).model;
    expect(filtered.view.visible).toEqual(['r07-u33']);
    const once = play(filtered, ['<esc>']).model;
    expect([once.ui.filter, routeOf(once.ui).is]).toEqual(['', 'list']);
    expect(routeOf(play(once, ['<esc>']).model.ui).is).toBe('rack');
  });

  test('on the screen of a node n goes to the next problem there', () => {
    const next = play(sampleModel('failure'), ['<enter>', 'n']).model;
    expect(routeOf(next.ui)).toEqual({ is: 'node', node: 'r07-u12' });
  });

  test('a problem that the filter hides is still reached', () => {
    const model = play(sampleModel('failure'), ['/', ...'ready', '<enter>', 'n']).model;
    expect([model.ui.filter, model.ui.cursor.nodes]).toEqual(['', 'r07-u33']);
  });
});

describe('the filter field', () => {
  test('filters with every letter', () => {
    const open = play(sampleModel('failure'), ['/', 'f', 'a', 'i']).model;
    expect(open.view.inRack).toEqual(['r07-u33']);
    expect(play(open, ['<esc>']).model.ui.filter).toBe('');
  });

  test('letters that are keys elsewhere are only letters in it', () => {
    const { model, effects } = play(sampleModel('normal'), ['/', ...'qRPI?:']);
    expect([model.ui.filter, effects]).toEqual(['qRPI?:', []]);
  });

  test('takes a paste, its first line', () => {
    expect(play(sampleModel('normal'), ['/', '\u001b[200~rack:r08\rR\u001b[201~']).model.ui.filter).toBe('rack:r08');
  });

  test('recalls what was asked before', () => {
    const asked = play(sampleModel('failure'), [
      '/',
      ...'fail',
      '<enter>',
      '<esc>',
      '/',
      ...'ready',
      '<enter>',
      '<esc>',
      '/',
      '<up>',
      '<up>',
    ]).model;
    expect(asked.ui.filter).toBe('fail');
  });

  test('shows what it does not understand and hides nothing', () => {
    const model = play(sampleModel('normal'), ['/', ...'rakc:r07']).model;
    expect(model.view.filterProblem).toMatch(/unknown/);
    expect(model.view.visible.length).toBe(120);
  });
});

describe('marks', () => {
  test('space marks and goes on, again takes it off', () => {
    expect(play(sampleModel('normal'), ['<space>', '<space>']).model.ui.marks).toEqual(['r07-u33', 'r07-u32']);
    expect(play(sampleModel('normal'), ['<space>', 'k', '<space>']).model.ui.marks).toEqual([]);
  });

  test('v marks a range, * all that are shown, \\ none', () => {
    expect(play(sampleModel('normal'), ['<space>', 'j', 'j', 'v']).model.ui.marks).toEqual([
      'r07-u33',
      'r07-u32',
      'r07-u31',
      'r07-u30',
    ]);
    const shown = play(sampleModel('failure'), ['/', ...'stal', '<enter>', '*']).model;
    expect(shown.ui.marks).toEqual(['r07-u12']);
    expect(play(shown, ['\\']).model.ui.marks).toEqual([]);
  });

  test('are not acted on from the screen of another node', () => {
    const model = play(sampleModel('normal'), ['<space>', 'j', '<enter>']).model;
    expect(play(model, ['b']).effects).toMatchObject([{ type: 'act', action: { nodes: ['r07-u31'] } }]);
  });
});

describe('the mouse', () => {
  const click = (column: number, row: number) =>
    pressKeys(sampleModel('normal'), [{ kind: 'mouse', what: 'press', column, row }]).model.ui.cursor.nodes;

  test('a click puts the cursor on a row of either column', () => {
    expect(click(5, 3)).toBe('r07-u40');
    expect(click(50, 4)).toBe('r07-u19');
  });

  test('a click beside the rows does nothing', () => {
    expect(click(5, 0)).toBe('r07-u33');
    expect(click(5, 24)).toBe('r07-u33');
  });

  test('the wheel moves three rows', () => {
    expect(
      pressKeys(sampleModel('normal'), [{ kind: 'mouse', what: 'wheelDown', column: 1, row: 9 }]).model.ui.cursor.nodes,
    ).toBe('r07-u30');
  });
});

describe('keys out of nowhere', () => {
  test('an empty rack takes every key', () => {
    const keys = [
      'j',
      'G',
      '<enter>',
      'r',
      'R',
      'a',
      '<space>',
      '*',
      'n',
      'N',
      '[',
      ']',
      'l',
      'D',
      'e',
      'y',
      'z',
      's',
      '2',
      '3',
      'A',
      'i',
      '4',
      'K',
      '5',
      '<enter>',
      '6',
      'u',
      '7',
      'U',
      '!',
    ];
    expect(() => play(sampleModel('empty'), keys)).not.toThrow();
  });
});

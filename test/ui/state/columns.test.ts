import { describe, expect, test } from 'vitest';
import {
  columnChoices,
  LIST_COLUMNS,
  moveColumn,
  shownColumns,
  toggleColumn,
  USUAL_COLUMNS,
} from '../../../src/ui/select/list-columns.ts';
import { parseSettings, renderSettings } from '../../../src/ui/settings.ts';
import { play, sampleModel } from '../sample-model.ts';

describe('the columns of the list', () => {
  test('the name stays first, whatever is chosen', () => {
    expect(shownColumns({ columns: ['age', 'node'], wide: false })).toEqual(['node', 'age']);
    expect(toggleColumn(['age'], 'node')).toEqual(['node', 'age']);
    expect(moveColumn(['age'], 'age', -1)).toEqual(['node', 'age']);
  });

  test('a column is taken off, put back at the end, and moved', () => {
    const without = toggleColumn([], 'rack');
    expect(without).toEqual(USUAL_COLUMNS.filter((one) => one !== 'rack'));
    expect(toggleColumn(without, 'rack').at(-1)).toBe('rack');
    expect(moveColumn(without, 'phase', 1).slice(0, 3)).toEqual(['node', 'what', 'phase']);
    expect(moveColumn(without, 'serial', 1)).toEqual(without);
  });

  test('the chooser offers each column once', () => {
    expect([...columnChoices(['heard', 'age'])].sort()).toEqual([...LIST_COLUMNS].sort());
    expect(columnChoices(['heard', 'age']).slice(0, 3)).toEqual(['node', 'heard', 'age']);
  });

  test('keys choose and move them, each change is kept, and the settings bring them back', () => {
    const { model, effects } = play(sampleModel('normal', 140, 40), ['2', 'W', 'j', 'j', '<space>', ']', '<esc>']);
    const { columns } = model.ui.look;
    expect(columns).not.toContain('what');
    expect(effects.filter((one) => one.type === 'keepLook').length).toBe(2);
    const back = parseSettings(renderSettings({ look: model.ui.look, keys: {} }));
    expect(back).toMatchObject({ ok: true, value: { look: { columns } } });
    expect(play(model, ['W', 'u']).model.ui.look.columns).toEqual([]);
  });

  test('a column that is unknown is said, with those that are known', () => {
    const result = parseSettings('{ "look": { "columns": ["node", "colour"] } }');
    expect(result.ok ? '' : result.error.join()).toMatch(/look\.columns: write a list of node, phase/);
  });
});

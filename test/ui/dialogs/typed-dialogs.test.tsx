import { describe, expect, test } from 'vitest';
import { nodeOf, putNode } from '../../../src/core/fleet.ts';
import type { Health } from '../../../src/core/node.ts';
import { footLines } from '../../../src/ui/dialogs/typed-foot.ts';
import { typedLines } from '../../../src/ui/dialogs/typed-lines.ts';
import { takePreview } from '../../../src/ui/screen/take-preview.ts';
import type { ScreenModel } from '../../../src/ui/state/screen-model.ts';
import { createTheme } from '../../../src/ui/terminal/theme.ts';
import { jobOf } from '../../core/kit.ts';
import { PROFILES } from '../draw-screen.tsx';
import { dialogText, lineText, openDialog } from '../read-dialog.ts';
import { NOW, samplePreview } from '../sample-fleet.ts';
import { play, sampleModel, withMarks } from '../sample-model.ts';

/** The page before a deed says what would go, counts only that, and shows its ways out whole. */

const theme = createTheme(PROFILES.ascii);
/** All machines of the same cluster idle, so that none of them stands against the others. */
const IDLE = ['r07-u01', 'r07-u02', 'r07-u03', 'r07-u20'] as const;

function refusedPage(names: readonly string[]): ScreenModel {
  const opened = play(withMarks(sampleModel('normal', 80, 25), ...names), ['R'], false).model;
  const plans = names.map((name) => samplePreview(name, { refusals: [`${name} is on hold`] }));
  return takePreview(opened, { nodes: names, kind: 'reinstall' }, { is: 'here', nodes: plans });
}

describe('a page over several machines', () => {
  const opened = play(withMarks(sampleModel('normal', 80, 40), ...IDLE), ['R']).model;

  test('leaves out all control-plane nodes of a cluster but one, and counts only what goes', () => {
    const dialog = openDialog(opened);
    expect(dialog.nodes).toEqual(['r07-u01', 'r07-u20']);
    expect(dialog.leftOut.map((one) => one.node)).toEqual(['r07-u02', 'r07-u03']);
    expect(dialog.fields).toMatchObject([{ want: { exactly: 'ERASE 2' } }]);
    const text = typedLines({ model: opened, theme }, dialog, { width: 200, height: 60 })
      .map(lineText)
      .join(' ')
      .replaceAll(/ +/g, ' ');
    expect(text).toContain('r07-u02: control-plane nodes of one cluster go one at a time, r07-u01 first');
    expect(text).toContain('Bring-up (7) and a wave take them in turn.');
  });

  test('a wave takes them all: it lets them go in turn by itself', () => {
    const wave = play(withMarks(sampleModel('normal', 80, 40), ...IDLE), [':', ...'wave erase', '<enter>']).model;
    expect(openDialog(wave).nodes).toHaveLength(4);
  });

  test('with broken glass the engine takes them all, and so does the page', () => {
    const model = withMarks(sampleModel('normal', 80, 40), ...IDLE);
    const glass = { until: model.nowMs + 60_000, reason: 'the cluster is gone', by: { user: 'maria', from: 'here' } };
    const open = { ...model, fleet: { ...model.fleet, switches: { ...model.fleet.switches, glass } } };
    expect(openDialog(play(open as ScreenModel, ['R']).model).nodes).toHaveLength(4);
  });
});

describe('a page where all are refused', () => {
  test.each<[string, readonly string[]]>([
    ['of one machine', ['r07-u20']],
    ['of several', ['r07-u20', 'r07-u21']],
  ])('%s asks for nothing, says why, and Enter only closes it', (_name, names) => {
    const model = refusedPage(names);
    const dialog = openDialog(model);
    expect(dialog.fields).toEqual([]);
    const text = typedLines({ model, theme }, dialog, { width: 76, height: 60 }).map(lineText).join('\n');
    expect(text).toContain('is on hold');
    expect(text).toContain('not possible');
    expect(text).not.toMatch(/Type/);
    const typed = play(model, [...'ERASE 2', '<enter>']);
    expect(typed.effects).toEqual([]);
    expect(typed.model.ui.dialog).toBe(null);
  });

  test('of several names who is left out', () => {
    expect(openDialog(refusedPage(['r07-u20', 'r07-u21'])).leftOut).toHaveLength(2);
  });
});

describe('the end of PANIC', () => {
  const by = { user: 'ada', from: 'tty1' };
  const page = (health: Health): string => {
    const model = sampleModel('normal', 80, 40);
    const node = nodeOf(model.fleet, 'r07-u31');
    if (node === undefined) throw new Error('no r07-u31');
    const fleet = putNode(model.fleet, { ...node, health, job: jobOf('install') });
    const raging = { ...model, fleet: { ...fleet, switches: { panic: { since: NOW, by } } } };
    return dialogText(play(raging, ['P']).model).replaceAll(/\s+/g, ' ');
  };

  test('names whose boots it does not give again, and with which key they are', () => {
    const text = page({ is: 'stalled', code: 'HELD_BACK', since: NOW, detail: '' });
    expect(text).toContain('1 boot was held back and will not be ordered again by this: look at each, then r retries');
    expect(text).toContain('held r07-u31');
  });

  test('says nothing of that where nothing was held back', () => {
    expect(page({ is: 'ok' })).not.toContain('held');
  });
});

describe('the ways out', () => {
  const PAGES: readonly (readonly [string, readonly string[]])[] = [
    ['reinstall', ['R']],
    ['reinstall, half typed', ['R', 'r']],
    ['reinstall, pasted', ['R', '\u001b[200~r07-u32\u001b[201~']],
    ['hold', ['H']],
    ['break glass', ['B', ...'canary wedged', '<tab>', 'B']],
    ['protect several', ['<space>', '<space>', 'T', 'x']],
  ];
  test.each(PAGES)('of %s stand whole on every width', (_name, keys) => {
    for (const [columns, rows] of [
      [140, 40],
      [80, 25],
      [44, 12],
    ] as const) {
      const { model } = play(sampleModel('normal', columns, rows), keys);
      const width = Math.min(columns, columns >= 120 ? 96 : 72) - 4;
      const lines = footLines({ model, theme }, openDialog(model), { width, height: rows - 2 }).map(lineText);
      expect(lines.join('\n')).toContain('esc: cancel');
      expect(lines.filter((line) => line.length > width)).toEqual([]);
    }
  });
});

describe('in 44x12', () => {
  const page = (names: readonly string[], key: string): string => {
    const { model } = play(withMarks(sampleModel('normal', 44, 12), ...names), [key]);
    return typedLines({ model, theme }, openDialog(model), { width: 40, height: 10 }).map(lineText).join(' ');
  };

  test.each<[string, readonly string[], string, RegExp]>([
    ['one machine: its disk', ['r07-u20'], 'R', /ERASED nvme0n1/],
    ['several: how many disks', ['r07-u20', 'r07-u21'], 'R', /2 disks ERASED/],
  ])('the page shows without a key what would be erased: %s', (_name, names, key, want) => {
    expect(page(names, key)).toMatch(want);
  });
});

test('an install says of its disk that it halts where a system is: it does not say ERASED alone', () => {
  const model = play(withMarks(sampleModel('normal', 80, 40), 'r07-u20'), ['I']).model;
  const lines = typedLines({ model, theme }, openDialog(model), { width: 76, height: 60 }).map(lineText).join(' ');
  expect(lines).toContain('ERASED unless a system is found');
});

describe('a page that takes the power away', () => {
  const ask = (words: string, ...names: readonly string[]) =>
    dialogText(play(withMarks(sampleModel('normal', 80, 40), ...names), [':', ...words, '<enter>']).model);

  test.each(['power off', 'power force off', 'power cycle', 'power reset'])(
    'by "%s" says whose disk is being written',
    (words) => {
      expect(ask(words, 'r07-u29')).toContain('r07-u29 is installing (77 %): this cuts it');
      expect(ask(words, 'r07-u29', 'r07-u20')).toContain('r07-u29 is installing (77 %): this cuts it');
      expect(ask(words, 'r07-u20')).not.toContain('this cuts it');
    },
  );
});

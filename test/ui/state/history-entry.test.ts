import { expect, test } from 'vitest';
import type { AuditLine } from '../../../src/link/screen-port.ts';
import { shownList } from '../../../src/ui/select/shown-list.ts';
import type { ScreenModel } from '../../../src/ui/state/screen-model.ts';
import { drawScreen, PROFILES } from '../draw-screen.tsx';
import { NOW } from '../sample-fleet.ts';
import { play, sampleModel } from '../sample-model.ts';

const line = (over: Partial<AuditLine>): AuditLine => ({
  at: NOW,
  who: 'maria',
  from: 'jump2',
  what: 'adopt',
  nodes: [],
  outcome: 'done',
  ...over,
});

const withAudit = (...audit: readonly AuditLine[]): ScreenModel => ({ ...sampleModel('normal'), audit });
const routes = (model: ScreenModel) => model.ui.routes.map((route) => (route.is === 'node' ? route.node : route.is));

/** Of r07-u33 in the sample: adopted by it, and named since. */
const MAC = '52:54:00:0a:07:21';

test.each<readonly [string, readonly string[], readonly string[]]>([
  ['a machine by its name', ['r07-u33'], ['rack', 'history', 'r07-u33']],
  ['an adopted MAC as the machine that it became', [MAC], ['rack', 'history', 'r07-u33']],
  ['the first that is still there', ['r99-u01', 'r07-u12'], ['rack', 'history', 'r07-u12']],
  ['no page of a machine that is nowhere', ['3a:df:00:00:00:01'], ['rack', 'history']],
])('from an entry enter opens %s', (_name, nodes, expected) => {
  const opened = play(withAudit(line({ nodes })), ['5', '<enter>']).model;
  expect([routes(opened), opened.ui.zoomed]).toEqual([['rack', 'history'], true]);
  expect(routes(play(opened, ['<enter>']).model)).toEqual(expected);
});

test.each([
  ['80x25', 80, 25],
  ['44x12', 44, 12],
] as const)('an open entry says at %s every word of its outcome', async (_name, columns, rows) => {
  const words = Array.from({ length: 40 }, (_, at) => `word${at}`);
  const model = { ...withAudit(line({ outcome: words.join(' ') })), ui: sampleModel('normal', columns, rows).ui };
  let open = play(model, ['5', '<enter>']).model;
  let seen = '';
  for (let step = 0; step < 20; step++) {
    seen += ` ${(await drawScreen(open, PROFILES.vt)).lines().join(' ')} `;
    open = play(open, ['j']).model;
  }
  expect(words.filter((word) => !seen.includes(` ${word} `))).toEqual([]);
});

test('the entry under the cursor stays there when a newer one comes, and esc leaves the entry and not the history', () => {
  const before = withAudit(line({ what: 'wipe' }), line({ what: 'adopt' }), line({ what: 'power', at: NOW - 5 }));
  const open = play(before, ['5', 'j', '<enter>']).model;
  const after = { ...open, audit: [line({ what: 'install', at: NOW + 9 }), ...open.audit] };
  expect(after.audit[shownList(after)?.cursor ?? -1]?.what).toBe('adopt');
  const left = play(after, ['<esc>']).model;
  expect([routes(left), left.ui.zoomed]).toEqual([['rack', 'history'], false]);
});

test('n and N go through the entries that have the words, and say so where there are none', () => {
  const model = withAudit(
    line({ what: 'wipe', who: 'jo' }),
    line({ what: 'adopt' }),
    line({ what: 'power', who: 'jo', at: NOW - 5 }),
  );
  const at = (shown: ScreenModel) => shownList(shown)?.cursor;
  const found = play(model, ['5', '/', ...'JO', '<enter>', 'n']).model;
  expect(at(found)).toBe(2);
  expect(at(play(found, ['n']).model)).toBe(0);
  expect(at(play(found, ['N']).model)).toBe(0);
  const none = play(model, ['5', '/', ...'rescue', '<enter>', 'n']).model;
  expect([at(none), none.ui.toasts.at(-1)?.text]).toEqual([0, 'no entry with "rescue"']);
});

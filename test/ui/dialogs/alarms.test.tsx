import { describe, expect, test } from 'vitest';
import { siteLines } from '../../../src/cli/site-lines.ts';
import { adviceOf, causeOf } from '../../../src/core/cause.ts';
import type { Health } from '../../../src/core/node.ts';
import { shardMapOf, valuesOf } from '../../../src/core/shard-map.ts';
import type { Problem } from '../../../src/core/spec.ts';
import { serviceSpans } from '../../../src/ui/screens/header-services.ts';
import { alarmsOf } from '../../../src/ui/select/alarms.ts';
import { type ScreenModel, withView } from '../../../src/ui/state/screen-model.ts';
import { drawScreen, PROFILES } from '../draw-screen.tsx';
import { NOW } from '../sample-fleet.ts';
import { play, sampleModel } from '../sample-model.ts';

/** `!`: what the header shouts, in full. */

const rejected = (count: number): readonly Problem[] =>
  Array.from({ length: count }, (_, at) => ({
    file: `racks/r07/r07-u${at}.yaml`,
    line: 10 + at,
    column: 3,
    severity: 'error',
    message: `there is no field "profil${at}" here, did you mean "profile"? One of talos, talos-ram, inspect or local, or one of _profiles.yaml; end${at}`,
  }));

function withProblems(model: ScreenModel, problems: readonly Problem[]): ScreenModel {
  return withView({ ...model, fleet: { ...model.fleet, inventory: { ...model.fleet.inventory, problems } } });
}

describe.each([
  [80, 25],
  [44, 12],
  [140, 40],
] as const)('in %i columns and %i rows', (columns, rows) => {
  test('the header names the key, and behind it every word of every fault can be read', async () => {
    const model = withProblems(sampleModel('normal', columns, rows), rejected(5));
    expect((await drawScreen(model, PROFILES.vt)).lines()[1]).toMatch(/REJECTED.* ! (tells )?all/);
    let open = play(model, ['!']).model;
    let seen = '';
    for (let step = 0; step < 60; step++) {
      seen += ` ${(await drawScreen(open, PROFILES.vt)).lines().join(' ').replaceAll(/[│ ]+/g, ' ')} `;
      open = play(open, ['j']).model;
    }
    for (let at = 0; at < 5; at++) {
      expect(seen).toContain(`racks/r07/r07-u${at}.yaml:${10 + at}:3:`);
      expect(seen).toContain(`end${at}`);
    }
  }, 60_000);
});

test('the end of a long page is the end: one key back up moves it', () => {
  const end = play(withProblems(sampleModel('normal', 44, 12), rejected(5)), ['!', 'G']).model;
  const scroll = (model: ScreenModel) => (model.ui.dialog?.kind === 'alarms' ? model.ui.dialog.scroll : undefined);
  expect(scroll(play(end, ['j', 'j', 'j']).model)).toBe(scroll(end));
  expect(scroll(play(end, ['k']).model)).toBe((scroll(end) ?? 0) - 1);
  const help = play(sampleModel('normal'), ['?', 'G']).model;
  const back = play(help, ['k']).model;
  expect(help.ui.dialog).not.toEqual(back.ui.dialog);
});

test('y copies all of it, esc and ! close it', () => {
  const open = play(withProblems(sampleModel('normal'), rejected(1)), ['!']).model;
  const [effect] = play(open, ['y']).effects;
  expect(effect).toMatchObject({ type: 'copy', text: expect.stringContaining('racks/r07/r07-u0.yaml:10:3: there is') });
  expect(play(open, ['<esc>']).model.ui.dialog).toBeNull();
  expect(play(open, ['!']).model.ui.dialog).toBeNull();
});

test('each thing that the header can shout is there', () => {
  const model = sampleModel('unsaved');
  const by = { user: 'jo', from: 'tty1' };
  const all: ScreenModel = {
    ...withProblems(model, [...rejected(1), { ...(rejected(1)[0] as Problem), severity: 'warning' }]),
    link: { is: 'lost', lastAtMs: NOW - 12_000, reason: 'the engine ended' },
    session: { ...model.session, readOnly: true, readOnlyWhy: 'somebody else has the write side' },
  };
  const switches = {
    panic: { since: NOW, by },
    glass: { until: NOW + 60_000, reason: 'canary wedged', by },
    discoveryUntil: NOW + 60_000,
  };
  const titles = alarmsOf({ ...all, fleet: { ...all.fleet, switches } }).map((one) => one.title.replace(/[ ,].*/, ''));
  expect(titles).toEqual([
    'NO',
    'READ-ONLY',
    'NOT',
    'INVENTORY',
    'INVENTORY',
    'PANIC',
    'GLASS',
    'DISCOVERY',
    'TFTP',
    'DISK',
    'OTHER',
    'MACHINES',
  ]);
  expect(alarmsOf(sampleModel('empty'))).toEqual([]);
});

test('a service that is off though it is wanted is told everywhere, one that nobody wants nowhere', () => {
  const model = sampleModel('empty');
  const why = 'UDP port 68 is taken';
  const off = (advice?: string) => {
    const radar = { is: 'off', why, ...(advice === undefined ? {} : { advice }) } as const;
    return { ...model, fleet: { ...model.fleet, services: { radar } } };
  };
  const wanted = off('it is tried again');
  expect(alarmsOf(wanted)).toEqual([{ title: 'RADAR OFF', texts: [`${why}: it is tried again`] }]);
  expect(siteLines(wanted.fleet, NOW)).toContain(`radar OFF: ${why}; it is tried again`);
  expect(serviceSpans(wanted, 80)).toEqual([['RADAR ', ['off', 'warn']]]);
  expect(alarmsOf(off())).toEqual([]);
  expect(siteLines(off().fleet, NOW).join()).not.toContain('radar');
  expect(serviceSpans(off(), 80)).toEqual([['RADAR ', ['off', 'dim']]]);
});

test('machines in trouble are told with what to do, and of very many the first', () => {
  const model = sampleModel('unsaved');
  const [trouble] = alarmsOf(model).filter(({ title }) => title === 'MACHINES IN TROUBLE');
  const sick = [...valuesOf(model.fleet.nodes)].filter(({ health }) => health.is !== 'ok');
  expect(sick.length).toBeGreaterThan(0);
  for (const { name, health } of sick) {
    if (health.is === 'ok') continue;
    const told = trouble?.texts.find((text) => text.startsWith(`${name}: `));
    expect(told).toContain(causeOf(health.code));
    expect(told).toContain(adviceOf(health.code));
  }
  const stuck: Health = { is: 'stalled', code: 'NO_LOADER', since: NOW, detail: '' };
  const all = [...valuesOf(model.fleet.nodes)].map((node) => ({ ...node, health: stuck }));
  const nodes = shardMapOf(all.map((node) => [node.name, node]));
  const many = alarmsOf({ ...model, fleet: { ...model.fleet, nodes } }).at(-1);
  expect(many?.texts).toHaveLength(13);
  expect(many?.texts.at(-1)).toBe(`${all.length - 12} more: \`n\` goes from one to the next`);
});

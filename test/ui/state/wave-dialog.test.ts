import { describe, expect, test } from 'vitest';
import type { Fleet } from '../../../src/core/fleet.ts';
import { keepWaits } from '../../../src/ui/select/wave-waits.ts';
import { waveWords } from '../../../src/ui/select/wave-words.ts';
import { readiness } from '../../../src/ui/state/ask-action.ts';
import type { ScreenModel } from '../../../src/ui/state/screen-model.ts';
import { dialogText, ordersIn } from '../read-dialog.ts';
import { play, sampleModel, withMarks } from '../sample-model.ts';

/** A wave over control-plane nodes of one cluster goes one at a time, until more was typed; and it says what it waits for. */

const ask = (model: ScreenModel) => play(model, [':', ...'wave erase', '<enter>']).model;

describe('a wave over two control-plane nodes of one cluster', () => {
  const opened = ask(withMarks(sampleModel('normal'), 'r07-u03', 'r07-u02', 'r07-u20'));

  test('says that they go one at a time, and what the other word costs', () => {
    const text = dialogText(opened);
    expect(text).toMatch(/2 control-plane nodes of prod go one at a time:\n {2}r07-u03, r07-u02/);
    expect(text).toMatch(/Typed as {2}ERASE 3 TOGETHER .*LOSES ITS\s+QUORUM/s);
  });

  test('starts with the plain phrase, one at a time', () => {
    const [deed] = ordersIn(play(opened, [...'ERASE 3', '<enter>']).effects);
    expect(deed).toMatchObject({ type: 'wave', kind: 'reinstall', confirmed: 'ERASE 3' });
    expect(deed).not.toHaveProperty('together');
  });

  test('lets them go at once only by the longer phrase, typed whole', () => {
    const half = play(opened, [...'ERASE 3 TOG', '<enter>']);
    expect(ordersIn(half.effects)).toEqual([]);
    const { dialog } = half.model.ui;
    expect(dialog?.kind === 'typed' && readiness(dialog).why).toBe('not yet, the text is incomplete');
    expect(ordersIn(play(opened, [...'ERASE 3 TOGETHER', '<enter>']).effects)).toMatchObject([
      { type: 'wave', confirmed: 'ERASE 3', together: true },
    ]);
  });
});

test('a wave with one of them has no such word', () => {
  const opened = ask(withMarks(sampleModel('normal'), 'r07-u03', 'r07-u20'));
  expect(dialogText(opened)).not.toContain('TOGETHER');
  expect(ordersIn(play(opened, [...'ERASE 2 TOGETHER', '<enter>']).effects)).toEqual([]);
});

describe('the words about a wave', () => {
  const { fleet } = sampleModel('normal');
  const wave = fleet.waves['w1'];
  if (wave === undefined) throw new Error('no wave');
  const words = (change: Partial<typeof wave>, over: Partial<Fleet> = {}) =>
    waveWords({ ...wave, ...change }, keepWaits({ ...fleet, ...over }, 0, undefined));
  const all = wave.entries.length;

  test('name the canary while it goes first', () => {
    expect(words({})).toBe(`r07-u39 goes first (0 done, 1 under way, ${all - 1} waiting)`);
  });

  test('say why nothing starts while the state cannot be saved', () => {
    const saving = { is: 'failing', since: 0, reason: 'no space' } as const;
    expect(words({}, { saving })).toMatch(/^nothing starts while the state cannot be saved \(/);
  });

  test('name those that are refused, and why', () => {
    const ended = { 'r07-u39': { outcome: 'done', at: 0 } } as const;
    expect(words({ ended })).toMatch(/^r07-u\d+ already has a job .*; \d+ more cannot start \(1 done, \d+ waiting\)$/);
  });

  test('are those of the stop, once it stopped', () => {
    expect(words({ state: 'stopped', why: 'r07-u33 failed' })).toMatch(/^r07-u33 failed \(/);
  });
});

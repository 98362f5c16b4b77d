import { describe, expect, test } from 'vitest';
import { adviceOf, causeOf } from '../../src/core/cause.ts';
import { bodiesOf } from './bodies.ts';
import { apply, armed, fleetOf, specOf, stateOf, stored, type Timed } from './kit.ts';

const spec = specOf('node-01');
const e = bodiesOf(spec.name);
const live = (...events: readonly Timed[]) => apply(fleetOf(spec), [1, armed('install')], [2, stored()], ...events);

describe('a configuration that was fetched, and then no word', () => {
  const fetched: readonly Timed[] = [
    [10, e.script('install')],
    [12, e.initrd()],
    [13, e.sent()],
    [20, e.os()],
    [30, e.config()],
  ];
  const late = live(...fetched, [151, e.tick()]);

  test('is told as that, and not as one that was not asked for', () => {
    expect(stateOf(live(...fetched, [149, e.tick()])).health).toEqual({ is: 'ok' });
    expect(stateOf(late).health).toMatchObject({
      is: 'late',
      code: 'CONFIG_SILENT',
      detail: 'configuration sent, nothing heard for 121 s',
    });
    expect(causeOf('CONFIG_SILENT')).toMatch(/fetched its configuration/);
    expect(adviceOf('CONFIG_SILENT')).toMatch(/may be installing.*events and kernel log here.*TCP 50000/);
  });

  test('is not called silent where it was heard of, and told nothing of an install', () => {
    expect(stateOf(live(...fetched, [100, e.up()], [151, e.tick()])).health).toMatchObject({
      code: 'CONFIG_SILENT',
      detail: 'configuration sent 121 s ago, and no word of what came of it; last heard of 51 s ago',
    });
  });

  test.each([
    ['it installs', e.phase('install')],
    ['it fetches it again', e.config()],
    ['it runs', e.stage('running', true)],
  ])('is told no more when %s', (_name, event) => {
    const { health } = stateOf(apply(late, [160, event]));
    expect('code' in health ? health.code : 'none').not.toBe('CONFIG_SILENT');
  });
});

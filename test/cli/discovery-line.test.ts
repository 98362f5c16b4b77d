import { expect, test } from 'vitest';
import { siteLines } from '../../src/cli/site-lines.ts';
import type { EventBody } from '../../src/core/event.ts';
import { ACTOR, apply, at, fleetOf, specOf } from '../core/kit.ts';

const seen = (mac: string): EventBody => ({ type: 'stranger.seen', mac, asked: 'firmware' });
const on: EventBody = { type: 'site.discoverySwitched', until: at(1800), by: ACTOR };
const ofDiscovery = (...events: Parameters<typeof apply>[1][]) =>
  siteLines(apply(fleetOf(specOf('node-01')), ...events), at(600)).filter((line) => line.startsWith('DISCOVERY'));

test('status says that discovery is on, until when, how many were seen lately and where they are listed', () => {
  expect(ofDiscovery()).toEqual([]);
  const until = new Date(at(1800)).toISOString().slice(11, 16);
  expect(ofDiscovery([0, on])).toEqual([
    `DISCOVERY is on until ${until} UTC (20 min left): unknown machines boot into maintenance mode, to be read; none was seen in the last 10 min (\`crashcart attach\`, key d, lists them)`,
  ]);
  const some = ofDiscovery([0, on], [0, seen('52:54:00:00:99:01')], [500, seen('52:54:00:00:99:02')]);
  expect(some[0]).toContain('; 1 was seen in the last 10 min');
  const ignored: EventBody = { type: 'site.strangerIgnored', mac: '52:54:00:00:99:02', ignored: true, by: ACTOR };
  expect(ofDiscovery([0, on], [500, seen('52:54:00:00:99:02')], [501, ignored])[0]).toContain('none was seen');
});

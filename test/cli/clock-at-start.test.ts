import { existsSync } from 'node:fs';
import { afterEach, expect, test } from 'vitest';
import { openWorld } from '../../src/cli/open-world.ts';
import type { World } from '../../src/cli/world.ts';
import type { EventBody } from '../../src/core/event.ts';
import { ACTOR } from '../core/kit.ts';
import { loopbackSite, makeFolder } from '../whole/run-program.ts';

/** The real start, on the clock of this host: what it notes for the next one, and what that tells. */

let world: World | undefined;
afterEach(() => world?.stop());

const NODE =
  'macs: [52:54:00:0a:21:01]\nserial: CZJ2140K9P\nip: 127.77.0.33\ntalos: {disk: {serial: S6CKNE0T}, config: _config.yaml}\n';
// Other systems tell no boot of theirs, and there nothing is kept over a start.
const tellsBoot = existsSync('/proc/sys/kernel/random/boot_id');
if (!tellsBoot && process.env['CI'] === 'true') throw new Error('CI must run where a boot has an id');
if (!tellsBoot) process.stdout.write('clock-at-start: skipped, this system tells no boot of its own\n');

test.skipIf(!tellsBoot)(
  'a start in the same boot keeps what is open; one that cannot know how long it was ends it',
  async () => {
    const folder = makeFolder({
      '_site.yaml': await loopbackSite(),
      'node-01.yaml': NODE,
      '_config.yaml': 'version: v1alpha1\n',
    });
    const again = async (...last: readonly EventBody[]): Promise<World> => {
      for (const body of last) world?.engine.emit(body);
      await world?.stop();
      const opened = await openWorld({
        inventory: folder,
        stateDir: `${folder}/.state`,
        assetsDir: `${folder}/.assets`,
        simulated: false,
        env: {},
        onLog: () => undefined,
      });
      if (!opened.ok) throw new Error(opened.error.message);
      world = opened.value;
      return opened.value;
    };
    const told = ({ notes }: World) => notes.filter((note) => note.includes('nobody knows'));

    const first = await again();
    const until = first.engine.now() + 600_000;
    expect(told(first)).toEqual([]);
    const second = await again({ type: 'site.discoverySwitched', until, by: ACTOR });
    expect(told(second)).toEqual([]);
    expect(Math.abs((second.engine.fleet().switches.discoveryUntil ?? 0) - until)).toBeLessThan(2_000);
    // As an older version started.
    const third = await again({ type: 'engine.started', version: '0', simulated: false });
    expect(told(third)).toEqual([
      expect.stringMatching(/^the last run noted no uptime of this host, .* discovery too;/),
    ]);
    expect(third.logs.read('*', 0).lines.map(({ text }) => text)).toEqual(expect.arrayContaining(told(third)));
    expect(third.engine.fleet().switches.discoveryUntil).toBeUndefined();
  },
);

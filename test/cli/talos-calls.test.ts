import { expect, test } from 'vitest';
import { createTalosCalls } from '../../src/cli/talos-calls.ts';
import type { EventBody } from '../../src/core/event.ts';
import { fail } from '../../src/core/result.ts';
import { createEngine } from '../../src/engine/create-engine.ts';
import { fleetOf, specOf } from '../core/kit.ts';
import { siteSpec } from '../netboot/boot-fixture.ts';

/** What a look at a machine tells that cannot be asked, where this happens meanwhile. */
async function told(meanwhile: (calls: ReturnType<typeof createTalosCalls>) => void): Promise<readonly EventBody[]> {
  const journal = { append: () => 1, durable: async () => fail('none') };
  const fleet = fleetOf(specOf('node-01'));
  const engine = createEngine({ fleet, journal, effects: { run: () => undefined }, now: Date.now });
  const calls = createTalosCalls({
    engine: () => engine,
    site: () => siteSpec([]),
    references: { folder: '.', env: {} },
    log: () => undefined,
    configOf: async () => fail('none'),
    configForJob: async () => fail('none'),
  });
  const events: EventBody[] = [];
  calls.run({ type: 'talos.check', node: 'node-01', address: '127.0.0.1' }, (event) => events.push(event));
  meanwhile(calls);
  await new Promise((later) => setTimeout(later, 20));
  return events;
}

test('a machine that cannot be asked is told of, and not where we are about to go', async () => {
  expect(await told(() => undefined)).toMatchObject([{ type: 'talos.checked', node: 'node-01' }]);
  expect(await told((calls) => calls.stop())).toEqual([]);
});

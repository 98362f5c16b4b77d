import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import { runSoak } from '../bench/soak/run-soak.ts';
import { BUNDLE } from '../whole/run-program.ts';

const PLANT = new URL('../bench/soak/planted-leak.ts', import.meta.url).href;

/** The real program with a leak beside it. Each of the two runs shows of the other's figures that they would be flat. */
test.each<readonly [leak: string, found: readonly string[]]>([
  ['heap', ['engine: heap']],
  ['descriptors', ['program: sockets', 'program: other descriptors']],
])('a soak finds an engine that loses %s, and calls nothing else a leak', { timeout: 900_000 }, async (leak, found) => {
  if (!existsSync(BUNDLE)) throw new Error('dist/crashcart.mjs is not built: run `npm test`, which builds it first');
  const { flatness, failures } = await runSoak({
    bundle: process.env['CRASHCART_BUILD'] ?? BUNDLE,
    machines: 20,
    minutes: 0.05,
    speed: 30,
    groups: 2,
    width: 8,
    faultShare: 0,
    slowFaults: false,
    seed: 4,
    sampleMs: 500,
    patienceMs: 240_000,
    env: { NODE_OPTIONS: `--import=${PLANT}`, PLANTED_LEAK: leak },
    say: () => undefined,
  });
  const rising = flatness.filter(({ flat }) => !flat);
  expect(rising.map(({ name }) => name)).toEqual(found);
  // How the machines end is another test's matter: beside other tests the clock of these is too fast for some.
  expect(failures).toEqual(expect.arrayContaining(rising.map(({ text }) => text)));
});

import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type ScreenDemo, startScreenDemo } from '../whole/screen-demo.ts';
import { README, readTour } from './readme-tour.ts';

/** Which services there are no sample can tell, only a demo that runs. */
let demo: ScreenDemo;

beforeAll(async () => {
  demo = await startScreenDemo('--nodes', '1', '--faults', 'none');
}, 120_000);

afterAll(() => demo.stop(), 120_000);

/** The rows between the title of the table and the rule below it, in the column of their names. */
function namesOf(lines: readonly string[]): readonly string[] {
  const title = lines.findIndex((line) => /^ {3}service /.test(line));
  const rule = lines.findIndex((line, at) => at > title && line.startsWith('─'));
  return lines.slice(title + 1, rule).map((line) => line.slice(3, 13).trim());
}

test("the services on the README's screen are those of a demo, in its order", async () => {
  const told = namesOf(readTour(readFileSync(README, 'utf8')).get('Services and other DHCP servers') ?? []);
  const drawn = async () => {
    const rows = await demo.services();
    return rows.ok ? rows.value.map((row) => row.name) : [];
  };
  // Last of all come the images, which are read after the start.
  await vi.waitFor(async () => expect(await drawn()).toContain('images'), { timeout: 60_000, interval: 100 });
  expect(told).toEqual(await drawn());
}, 90_000);

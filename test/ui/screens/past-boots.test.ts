import { expect, test } from 'vitest';
import { nodeOf } from '../../../src/core/fleet.ts';
import type { Attempt, NodeState } from '../../../src/core/node.ts';
import type { PhaseName } from '../../../src/core/phase.ts';
import { timelineLines } from '../../../src/ui/screens/timeline-lines.ts';
import { createTheme } from '../../../src/ui/terminal/theme.ts';
import { PROFILES } from '../draw-screen.tsx';
import { lineText } from '../read-dialog.ts';
import { NOW } from '../sample-fleet.ts';
import { sampleModel } from '../sample-model.ts';

const model = sampleModel('normal');
const node = nodeOf(model.fleet, 'r07-u33') as NodeState;

/** A boot before the one that is shown: what came of it, in a few words. */
function told(phases: readonly PhaseName[], end: string): string {
  const past: Attempt = {
    ...(node.attempt as Attempt),
    number: 1,
    openedAt: NOW - 60_000,
    closedAt: NOW - 30_000,
    end,
    way: phases.map((phase, at) => ({ phase, at: NOW - 60_000 + at * 1_000 })),
  };
  const lines = timelineLines({ model, theme: createTheme(PROFILES.ascii) }, { ...node, pastAttempts: [past] }, 60);
  return lines.map(lineText).join('\n');
}

test.each<[string, readonly PhaseName[], string]>([
  ['that installed', ['kernel', 'installing', 'rebooting'], 'boot 1: installed, restarted'],
  [
    'that only erased the disk, before the installation',
    ['kernel', 'wiping', 'rebooting'],
    'boot 1: disk erased, restarted',
  ],
])('a boot %s says so', (_name, phases, words) => {
  expect(told(phases, 'rebooted in rebooting')).toContain(words);
});

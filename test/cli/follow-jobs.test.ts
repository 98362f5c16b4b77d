import { expect, test } from 'vitest';
import type { CommandContext } from '../../src/cli/command.ts';
import { followJobs } from '../../src/cli/follow-jobs.ts';
import { emptyFleet, type Fleet, putNode } from '../../src/core/fleet.ts';
import type { Health, NodeState } from '../../src/core/node.ts';
import type { LinkClient } from '../../src/link/connect-link.ts';
import { at, jobOf, nodeWith, PHASE_SAMPLES, phaseOf, specOf } from '../core/kit.ts';

/** What `--wait` says while a machine lives through this; another one keeps the command waiting. */
function saidOf(states: readonly (readonly [is: 'firmware' | 'loader' | 'script', health: Health])[]): string[] {
  const said: string[] = [];
  const context: CommandContext = {
    options: {},
    words: [],
    out: (text) => said.push(text.replace(/^\S+ |\n$/g, '')),
    err: () => undefined,
    env: {},
  };
  let close: (reason: string) => void = () => undefined;
  let tell: (fleet: Fleet) => void = () => undefined;
  const client = {
    onClose: (closed: typeof close) => {
      close = closed;
    },
    follow: (take: (fleet: Fleet, events: readonly [], at: number, rate: number) => void) => {
      tell = (fleet) => take(fleet, [], fleet.at, 0);
    },
  } as unknown as LinkClient;
  const what = { nodes: ['node-01', 'node-02'], lastJobs: new Map<string, string>(), timeoutMs: 1_000_000 };
  void followJobs(context, client, what);
  const job = jobOf('install');
  const other = nodeWith(phaseOf('ipxe', PHASE_SAMPLES.ipxe[0] ?? { address: '' }), { job }, specOf('node-02'));
  for (const [i, [is, health]] of states.entries()) {
    const facts = PHASE_SAMPLES[is][0];
    const node = { ...nodeWith(phaseOf(is, facts as never), { job }), health } as NodeState;
    tell(putNode(putNode(emptyFleet(at(i)), node), other));
  }
  close('this is all');
  return said.filter((line) => line.startsWith('node-01'));
}

const ok: Health = { is: 'ok' };
const conflict = (detail: string): Health => ({ is: 'conflict', code: 'IDENTITY_CONFLICT', since: at(0), detail });
const failed = (detail: string): Health => ({ is: 'failed', code: 'KERNEL_PANIC', since: at(0), detail });
const stalled: Health = { is: 'stalled', code: 'TFTP_STALL', since: at(0), detail: 'block 7' };

const CONFLICT = 'CONFLICT: The machine names itself differently from the inventory. two UUIDs';

test.each<readonly [string, Parameters<typeof saidOf>[0], readonly string[]]>([
  [
    'a machine in conflict that boots again and again is told of once',
    [
      ['loader', conflict('two UUIDs')],
      ['script', conflict('two UUIDs')],
      ['firmware', conflict('two UUIDs')],
      ['loader', conflict('two UUIDs')],
      ['script', conflict('two UUIDs')],
    ],
    [`node-01: loader ${CONFLICT}`],
  ],
  [
    'another reason is news',
    [
      ['script', conflict('two UUIDs')],
      ['firmware', conflict('two serials')],
      ['script', conflict('two serials')],
    ],
    [`node-01: script ${CONFLICT}`, `node-01: firmware ${CONFLICT.replace('UUIDs', 'serials')}`],
  ],
  [
    'the same is said again once something else was',
    [
      ['script', conflict('two UUIDs')],
      ['firmware', conflict('two UUIDs')],
      ['firmware', ok],
      ['script', conflict('two UUIDs')],
    ],
    [`node-01: script ${CONFLICT}`, 'node-01: firmware', `node-01: script ${CONFLICT}`],
  ],
  [
    'so it is of one that failed',
    [
      ['script', failed('Oops')],
      ['firmware', failed('Oops')],
      ['script', ok],
    ],
    ['node-01: script FAILED: The kernel panicked. Oops', 'node-01: script'],
  ],
  [
    'every phase is news of one that goes on by itself, however late',
    [
      ['firmware', ok],
      ['firmware', stalled],
      ['script', stalled],
      ['script', stalled],
    ],
    ['node-01: firmware', 'node-01: firmware STALLED', 'node-01: script STALLED'],
  ],
])('with --wait %s', (_, states, expected) => {
  expect(saidOf(states).map((line) => line.replace(/(STALLED).*/, '$1'))).toEqual(expected);
});

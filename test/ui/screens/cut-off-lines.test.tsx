import { describe, expect, test } from 'vitest';
import { nodeOf, putNode } from '../../../src/core/fleet.ts';
import { grantLease } from '../../../src/core/lease.ts';
import type { NodeState } from '../../../src/core/node.ts';
import { type ScreenModel, withView } from '../../../src/ui/state/screen-model.ts';
import { drawScreen, PROFILES } from '../draw-screen.tsx';
import { jobOf, NOW } from '../sample-fleet.ts';
import { play, sampleModel } from '../sample-model.ts';

/** What keeps an armed machine from being heard is at this host: nobody is sent to the machine for that. */

const NAME = 'r07-u33';
const ASK = `power-cycle r07 U33 (${NAME}) now, F12 for network`;
const WHY = 'eth2 has no link (is the cable in?)';
const TEXT = `waits for this host's network 10.78.0.0/24: ${WHY}, 2 min`;

function with33(change: Partial<NodeState>, cutOff: boolean): ScreenModel {
  const model = sampleModel('normal');
  const node = nodeOf(model.fleet, NAME);
  if (node === undefined) throw new Error(`no ${NAME}`);
  const { attempt: _attempt, pastAttempts: _past, ...rest } = node;
  const spec = { ...node.spec, network: { ...node.spec.network, ip: '10.78.0.33' } };
  // Heard of before its network was cut off.
  const seen = { ...node.seen, lastAt: NOW - 200_000 };
  const fresh: NodeState = { ...rest, spec, seen, pastAttempts: [], evidence: [], health: { is: 'ok' }, ...change };
  const cut = { subnet: '10.78.0.0/24', why: WHY, since: NOW - 120_000 };
  const state = { is: 'ok', listens: '10.78.0.1:67', ...(cutOff ? { cutOff: [cut] } : {}) } as const;
  const fleet = { ...model.fleet, services: { ...model.fleet.services, DHCP: state } };
  return withView({ ...model, fleet: putNode(fleet, fresh) });
}

const armed: Partial<NodeState> = {
  phase: { is: 'armed', since: NOW - 200_000 },
  job: jobOf(NAME, { override: 'none' }),
  ask: ASK,
};

const textOf = async (model: ScreenModel) => (await drawScreen(model, PROFILES.vt)).lines();
const rightOf = async (model: ScreenModel) =>
  (await textOf(play(model, ['<enter>']).model))
    .map((line) => line.split('│')[1] ?? '')
    .join(' ')
    .replaceAll(/\s+/g, ' ');

describe('an armed machine whose network has no link here', () => {
  test('says so in its row, and in full below it', async () => {
    const lines = await textOf(with33(armed, true));
    expect(lines.find((line) => line.includes(`>33 ${NAME}`))).toContain('cut off here');
    expect(lines.at(-2)).toContain("waits for this host's network 10.78.0.0/24");
    expect((await textOf(with33(armed, false))).at(-2)).toContain('power-cycle r07 U33');
  });

  test('says so on its page, and asks for nothing that would be in vain', async () => {
    expect(await rightOf(with33(armed, true))).toContain(`NOTE ${TEXT}`);
    expect(await rightOf(with33(armed, true))).not.toContain('F12');
    expect(await rightOf(with33(armed, false))).toContain('F12');
  });

  test('is told with what went wrong with it first, and with that it cannot be heard on its page', async () => {
    const rowOf = (lines: readonly string[]) => lines.find((line) => line.includes(`>33 ${NAME}`));
    const bad = (is: 'failed' | 'stalled' | 'late'): Partial<NodeState> => ({
      ...armed,
      health: { is, code: 'SENT_TO_DISK', since: NOW - 60_000, detail: 'it got no script for its install' },
    });
    for (const is of ['failed', 'stalled'] as const) {
      const model = with33(bad(is), true);
      const lines = await textOf(model);
      expect(rowOf(lines)).toContain('kept from it');
      expect(lines.at(-2)).toContain('it got no script for its install');
      expect(await rightOf(model)).toContain(`waits for this host's network 10.78.0.0/24: ${WHY}`);
      const listed = (await textOf(play(model, ['2']).model)).find((line) => line.includes(NAME));
      expect(listed).toContain('it got no');
    }
    // That it is late is what follows from it.
    expect(rowOf(await textOf(with33(bad('late'), true)))).toContain('cut off here');
  });

  test('says nothing of it once its system is up', async () => {
    const up: Partial<NodeState> = { ...armed, phase: { is: 'up', since: NOW - 5_000, by: 'wire' } };
    expect(await rightOf(with33(up, true))).not.toContain('10.78.0.0/24');
  });
});

test('the page of a machine that is not at its ip says who has that', async () => {
  const model = with33({ phase: { is: 'idle', since: NOW - 5_000 } }, false);
  const node = nodeOf(model.fleet, NAME);
  if (node === undefined) throw new Error(`no ${NAME}`);
  const mac = '52:54:00:00:00:33';
  const why = 'it is leased to 52:54:00:00:00:34 (r07-u34)';
  const notAtIp = { ip: '10.78.0.33', mac, address: '10.78.0.120', why };
  const leased = grantLease(model.fleet, { mac, address: '10.78.0.120', until: NOW + 60_000, node: NAME });
  const fleet = putNode(leased, { ...node, seen: { ...node.seen, notAtIp } });
  const there = withView({ ...model, fleet });
  const lines = await textOf(there);
  expect(lines.find((line) => line.includes(`>33 ${NAME}`))).toContain('not at its ip');
  expect(lines.at(-2)).toContain('it has 10.78.0.120 and not its ip 10.78.0.33: ');
  expect(await rightOf(there)).toContain(`NOTE it has 10.78.0.120 and not its ip 10.78.0.33: ${why}`);
});

import { expect, test } from 'vitest';
import type { Fleet } from '../../src/core/fleet.ts';
import { nodeOf } from '../../src/core/fleet.ts';
import { answerApply } from '../../src/netboot/answer-apply.ts';
import type { Claims } from '../../src/netboot/identity.ts';
import {
  arm,
  CONFIG,
  createTestEngine,
  namedLoaders,
  nodeSpec,
  planOf,
  renderedOf,
  START,
  uuidOf,
} from './boot-fixture.ts';

/** What goes out by the API goes through the same gate as what is fetched. */

const MAC = '52:54:00:00:00:01';
const OTHER = '52:54:00:00:00:02';
const plan = planOf('install', undefined, { uki: true, kernelArgs: [] });

function inMaintenance(change: Parameters<typeof planOf>[2] = {}) {
  const engine = createTestEngine([nodeSpec('n1', MAC), nodeSpec('n2', OTHER)]);
  const rendered = arm(engine, 'n1', 'install', { ...plan, ...change });
  engine.emit({
    type: 'dhcp.firmwareAsked',
    node: 'n1',
    mac: MAC,
    arch: 16,
    firmware: 'http',
    xid: 1,
    secs: 0,
    variant: 0,
    reason: '',
  });
  const attempt = nodeOf(engine.fleet(), 'n1')?.attempt?.number ?? 0;
  return { engine, rendered, wish: { node: 'n1', job: 'job-n1', attempt, configHash: plan.configHash ?? '' } };
}

type Change = (fleet: Fleet) => Fleet;
const same: Change = (fleet) => fleet;
const OWN: Claims = { macs: [MAC], uuid: uuidOf(MAC) };

test.each<readonly [string, Claims, Change, RegExp | undefined]>([
  ['goes to the machine that was armed', OWN, same, undefined],
  ['goes to no machine that nobody knows', { macs: ['02:00:00:00:00:99'] }, same, /is not n1/],
  [
    'goes to no other machine at its address',
    { macs: [OTHER], uuid: uuidOf(OTHER) },
    same,
    /n2 answers at the address of n1/,
  ],
  ['goes to none whose names contradict each other', { macs: [MAC], uuid: uuidOf(OTHER) }, same, /is not n1/],
  ['goes to none of which only the MAC fits', { macs: [MAC] }, same, /not sure/],
  [
    'does not go out while the panic key is pressed',
    OWN,
    (fleet) => ({ ...fleet, switches: { panic: { since: START, by: { user: 'u', from: 't' } } } }),
    /panic/,
  ],
])('a configuration %s', (_name, claims, change, reason) => {
  const { engine, rendered, wish } = inMaintenance();
  const view = { fleet: change(engine.fleet()), at: engine.now(), rendered, artefacts: namedLoaders() };
  const answer = answerApply(view, wish, claims);
  if (reason === undefined) expect(answer).toEqual({ ok: true, value: CONFIG });
  else expect(answer).toMatchObject({ ok: false, error: expect.stringMatching(reason) });
});

test('a configuration that is not the confirmed one any more stays here', () => {
  const { engine, wish } = inMaintenance();
  const rendered = { of: () => renderedOf('n1', plan, { configText: `${CONFIG}# changed\n` }) };
  const view = { fleet: engine.fleet(), at: engine.now(), rendered, artefacts: namedLoaders() };
  expect(answerApply(view, wish, OWN)).toMatchObject({
    ok: false,
    error: expect.stringMatching(/changed after it was confirmed/),
  });
});

test('an order that comes after its job expired is not obeyed', () => {
  const { engine, rendered, wish } = inMaintenance();
  const view = { fleet: engine.fleet(), at: engine.now() + 31 * 60_000, rendered, artefacts: namedLoaders() };
  expect(answerApply(view, wish, OWN)).toMatchObject({ ok: false, error: expect.stringMatching(/expired/) });
});

import { expect, test } from 'vitest';
import { nodeOf } from '../../src/core/fleet.ts';
import type { Health } from '../../src/core/node.ts';
import type { IdentitySpec } from '../../src/core/spec.ts';
import { decideScript } from '../../src/netboot/answer-script.ts';
import { ALL_LOADERS, arm, createTestEngine, NOTHING_RENDERED, nodeSpec } from './boot-fixture.ts';

const MAC = '52:54:00:00:00:01';
const UUID = '4c4c4544-0056-3510-8052-000000000001';
const PLACEHOLDERS = { uuid: '00000000-0000-0000-0000-000000000000', serial: 'To Be Filled By O.E.M.' };

const KNOWN: IdentitySpec = { macs: [MAC], uuid: UUID, serial: 'SN-n1' };

function machine(identity: IdentitySpec = KNOWN, armed = true) {
  const spec = nodeSpec('n1', MAC, { identity });
  const other = nodeSpec('n2', '52:54:00:00:00:02', {
    identity: { macs: ['52:54:00:00:00:02'], serial: 'CHASSIS-7', boardSerial: 'B2' },
  });
  const engine = createTestEngine([spec, other]);
  const rendered = armed ? arm(engine, 'n1', 'install') : NOTHING_RENDERED;
  const ask = (query: Readonly<Record<string, string>>) => {
    const view = { fleet: engine.fleet(), at: engine.now(), rendered, artefacts: ALL_LOADERS };
    const asked = new Map(Object.entries({ mac: MAC, buildarch: 'x86_64', platform: 'efi', ...query }));
    const { answer, event } = decideScript(view, asked, '10.77.0.50');
    if (event !== undefined) engine.emit(event);
    return answer;
  };
  const node = () => nodeOf(engine.fleet(), 'n1') ?? expect.unreachable();
  const health = (): Health => node().health;
  return { engine, ask, node, health };
}

const NOT_SURE = { is: 'failed', code: 'IDENTITY_UNSURE' };

test.each<readonly [string, IdentitySpec, Readonly<Record<string, string>>, string]>([
  [
    'placeholders',
    KNOWN,
    PLACEHOLDERS,
    `MAC ${MAC}, UUID "${PLACEHOLDERS.uuid}" (a placeholder), serial "To Be Filled By O.E.M." (a placeholder), no board serial`,
  ],
  [
    'real names that its file leaves open',
    { macs: [MAC] },
    { uuid: UUID, serial: 'SN-n1' },
    `MAC ${MAC}, UUID ${UUID} (not in its file), serial SN-n1 (not in its file), no board serial`,
  ],
  [
    'the serial of a whole chassis',
    { ...KNOWN, serial: 'CHASSIS-7' },
    { serial: 'CHASSIS-7' },
    `MAC ${MAC}, no UUID, serial CHASSIS-7 (another machine has it too), no board serial`,
  ],
  [
    'a NIC that is on no record',
    KNOWN,
    { mac: '52:54:00:00:00:99', serial: 'SN-n1' },
    'MAC 52:54:00:00:00:99 (not in its file), no UUID, serial SN-n1, no board serial',
  ],
])('an armed machine that is sent to its disk for its name says so at once: %s', (_, identity, query, named) => {
  const { ask, health } = machine(identity);
  expect(ask(query)).toBe('local');
  expect(health()).toMatchObject({ ...NOT_SURE, detail: `it named itself by ${named}` });
});

test('that stays while its disk boots, however well that looks, and the job waits on', () => {
  const { ask, engine, node, health } = machine();
  ask(PLACEHOLDERS);
  engine.advance(20_000);
  engine.emit({ type: 'dhcp.osAsked', node: 'n1', mac: MAC, address: '10.77.0.50' });
  expect(node()).toMatchObject({ phase: { is: 'diskBoot' }, job: { kind: 'install' } });
  expect(health()).toMatchObject(NOT_SURE);
});

test('and is over when it names itself surely', () => {
  const { ask, engine, health } = machine();
  ask(PLACEHOLDERS);
  engine.advance(60_000);
  expect(ask({ uuid: UUID, serial: 'SN-n1' })).toBe('install');
  expect(health()).toEqual({ is: 'ok' });
});

test('and when nothing waits for it any more: its file was mended, or its job cancelled', () => {
  const mended = machine();
  mended.ask(PLACEHOLDERS);
  mended.engine.load([nodeSpec('n1', MAC, { identity: { macs: [MAC], boardSerial: 'B1' } })]);
  expect(mended.node().job).toBeUndefined();
  expect(mended.health()).toEqual({ is: 'ok' });
  const cancelled = machine();
  cancelled.ask(PLACEHOLDERS);
  cancelled.engine.emit({ type: 'operator.cancelled', node: 'n1', by: { user: 'test', from: 'tty1' } });
  expect(cancelled.health()).toEqual({ is: 'ok' });
});

test('a machine that is not armed is told `local` without a fault, and a contradiction stays a conflict', () => {
  const idle = machine(KNOWN, false);
  expect(idle.ask(PLACEHOLDERS)).toBe('local');
  expect(idle.health()).toEqual({ is: 'ok' });
  const other = machine();
  expect(other.ask({ serial: 'SOMEBODY-ELSE' })).toBe('local');
  expect(other.health()).toMatchObject({ is: 'conflict', code: 'IDENTITY_CONFLICT' });
  other.ask(PLACEHOLDERS);
  expect(other.health()).toMatchObject({ is: 'conflict', code: 'IDENTITY_CONFLICT' });
});

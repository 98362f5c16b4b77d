import { describe, expect, test } from 'vitest';
import { eraseProblem, orderProblem, readProblem } from '../../src/core/answering.ts';
import type { BmcIdentity } from '../../src/core/bmc.ts';
import type { EventBody } from '../../src/core/event.ts';
import type { Claims } from '../../src/netboot/identity.ts';
import { whoAnswers } from '../../src/netboot/who-answers.ts';
import { createTestEngine, nodeSpec, uuidOf } from './boot-fixture.ts';

const [MAC, OTHER] = ['52:54:00:00:00:01', '52:54:00:00:00:02'] as const;
const OWN = { macs: [MAC], serial: 'SN-n1', uuid: uuidOf(MAC) };
const AT = '10.77.0.50';

const who = (name: string, claims: Parameters<typeof whoAnswers>[3]) =>
  whoAnswers(createTestEngine([nodeSpec('n1', MAC), nodeSpec('n2', OTHER)]).fleet(), name, AT, claims);

test.each<readonly [string, Parameters<typeof whoAnswers>[3], object]>([
  ['its own names', OWN, { is: 'itself', sure: true }],
  ['its own, with more NICs', { ...OWN, macs: ['52:54:00:99:99:99', MAC] }, { is: 'itself', sure: true }],
  ['its MAC alone', { macs: [MAC] }, { is: 'itself', sure: false }],
  ['its MAC and another serial', { ...OWN, serial: 'FOREIGN' }, { is: 'doubt' }],
  [
    'the names of another machine',
    { macs: [OTHER], serial: 'SN-n2', uuid: uuidOf(OTHER) },
    { is: 'another', why: expect.stringMatching(/^n2 answers at 10\.77\.0\.50, not n1: matched by mac/) },
  ],
  [
    'names that nobody has',
    { macs: ['52:54:00:99:99:99'], serial: 'NEW' },
    {
      is: 'another',
      why: 'a machine that is not in the inventory answers at 10.77.0.50, not n1: serial NEW, MAC 52:54:00:99:99:99',
    },
  ],
  ['nothing', { macs: [] }, { is: 'another', why: expect.stringMatching(/it names itself by nothing$/) }],
  ['the NICs of two machines', { macs: [MAC, OTHER] }, { is: 'another', why: expect.stringMatching(/in doubt/) }],
])('at the address of n1 somebody says %s', (_what, claims, expected) => {
  expect(who('n1', claims)).toMatchObject(expected);
});

test('a machine that left the inventory is not there', () => {
  expect(who('n9', OWN)).toEqual({ is: 'another', why: 'n9 left the inventory' });
});

describe('a machine whose file names no MAC, serial or UUID', () => {
  const FOREIGN = { macs: ['52:54:00:99:99:99'], serial: 'NEW', uuid: uuidOf('52:54:00:99:99:99') };
  const boardOnly = (name: string, boardSerial: string) => nodeSpec(name, MAC, { identity: { macs: [], boardSerial } });
  const specs = [boardOnly('n1', 'BOARD-1'), boardOnly('n3', 'BOARD-3'), nodeSpec('n2', OTHER)];
  const booted = (node: string, mac: string, hardware: { serial?: string; uuid?: string }): EventBody => ({
    type: 'http.scriptAsked',
    node,
    mac,
    address: AT,
    answer: 'local',
    reason: 'not armed',
    hardware,
  });
  const ofBmc = (macs: BmcIdentity['macs'], uuid?: string): EventBody => ({
    type: 'bmc.identityRead',
    node: 'n1',
    identity: {
      vendor: 'Dell Inc.',
      macs,
      drives: [],
      bootTargets: [],
      canInsertMedia: false,
      ...(uuid === undefined ? {} : { uuid }),
    },
  });
  const answers = (claims: Claims, ...events: readonly EventBody[]) => {
    const engine = createTestEngine(specs);
    for (const event of events) engine.emit(event);
    return whoAnswers(engine.fleet(), 'n1', AT, claims);
  };

  test('is read, and ordered nothing: the sentence says what to write', () => {
    const answering = answers(FOREIGN);
    expect(readProblem(answering)).toBeUndefined();
    const problem = `10.77.0.50 may not be n1: its file names no MAC, serial or UUID, by which the Talos API could tell who answers: write one (there: serial NEW, UUID ${FOREIGN.uuid}, MAC 52:54:00:99:99:99)`;
    expect([orderProblem(answering), eraseProblem(answering)]).toEqual([problem, problem]);
    expect(answering).toMatchObject({ unproven: true });
  });

  test('is not read where the names of another machine are said', () => {
    const said = { macs: [OTHER], serial: 'SN-n2', uuid: uuidOf(OTHER) };
    expect(answers(said)).toMatchObject({ is: 'another', why: expect.stringMatching(/^n2 answers at/) });
    const told = answers(FOREIGN, booted('n3', '52:54:00:99:99:99', {}));
    expect(told).toMatchObject({ is: 'another', why: expect.stringMatching(/^n3 answers at 10\.77\.0\.50, not n1: /) });
  });

  test.each<readonly [string, EventBody]>([
    ['the MAC that it booted with', booted('n1', '52:54:00:99:99:99', {})],
    ['the UUID that it booted with', booted('n1', OTHER, { uuid: FOREIGN.uuid })],
    ['the MAC that its BMC told', ofBmc([{ mac: '52:54:00:99:99:99', from: 'NIC' }])],
    ['the UUID that its BMC told', ofBmc([], FOREIGN.uuid)],
    ['the serial that it booted with', booted('n1', OTHER, { serial: 'new ' })],
  ])('is itself by %s, and never surely', (_what, event) => {
    const answering = answers(FOREIGN, event);
    expect([orderProblem(answering), readProblem(answering)]).toEqual([undefined, undefined]);
    expect(eraseProblem(answering)).toMatch(/^it is not sure which machine answers there: by what it booted with/);
  });

  test('a serial that two were told by is nobody’s; a MAC settles it', () => {
    const both = [booted('n1', MAC, { serial: 'NEW' }), booted('n3', '52:54:00:99:99:98', { serial: 'NEW' })];
    expect(answers(FOREIGN, ...both)).toMatchObject({ is: 'doubt', unproven: true });
    expect(answers({ ...FOREIGN, macs: [MAC] }, ...both)).toMatchObject({ is: 'itself', sure: false });
  });

  test('what was read there while nobody knew who it is does not make it itself', () => {
    const read: EventBody = { type: 'talos.hardwareRead', node: 'n1', disks: [] };
    expect(answers(FOREIGN, read)).toMatchObject({ is: 'doubt', unproven: true });
  });
});

import { expect, test } from 'vitest';
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

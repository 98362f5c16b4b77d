import { describe, expect, test } from 'vitest';
import { nodesOf } from '../../../src/core/fleet.ts';
import { matchesFilter } from '../../../src/ui/filter/match-filter.ts';
import { parseFilter } from '../../../src/ui/filter/parse-filter.ts';
import { NOW, sampleFleet } from '../sample-fleet.ts';

const nodes = nodesOf(sampleFleet('failure'));

function found(text: string, marks: readonly string[] = []): readonly string[] {
  const terms = parseFilter(text);
  if (!terms.ok) throw new Error(terms.error);
  return nodes
    .filter((node) => matchesFilter(node, terms.value, { nowMs: NOW, marks: new Set(marks) }))
    .map((node) => node.name);
}

describe('the filter', () => {
  test.each<[string, string, readonly string[]]>([
    ['a state by the beginning of its word', 'fail', ['r07-u33']],
    ['a stalled one', 'stal', ['r07-u12']],
    ['two terms must both hold', 'rack:r07 fail', ['r07-u33']],
    ['terms that exclude each other', 'rack:r06 fail', []],
    ['a phase', 'rack:r07 phase:inst !fail unit:24', ['r07-u24']],
    ['the word on the screen is a phase too', 'rack:r06 phase:dhcp unit:8', ['r06-u08']],
    ['an address by its beginning', 'ip:10.20.7.33', ['r07-u33']],
    ['a MAC', 'mac:0a:07:21', ['r07-u33']],
    ['text in the name', '7-u33', ['r07-u33']],
    ['text in the reason', 'no-such-thing', []],
    ['text in the serial number', 'czj2140k33 rack:r07', ['r07-u33']],
    ['a cause', 'code:tftp_stall', ['r07-u12']],
    ['capitals do not matter', 'RACK:R07 FAIL', ['r07-u33']],
    ['problems', 'problem', ['r07-u12', 'r07-u33']],
    ['an age', 'age>9m stal', ['r07-u12']],
    ['a role', 'rack:r07 role:control !ready', []],
  ])('%s: %s', (_name, text, expected) => {
    expect(found(text)).toEqual(expected);
  });

  test('! turns a term round', () => {
    expect(found('!ready').length).toBe(nodes.length - found('ready').length);
  });

  test('marked nodes', () => {
    expect(found('marked', ['r07-u01'])).toEqual(['r07-u01']);
  });

  test('what is half typed hides nothing', () => {
    for (const text of ['', '!', 'rack:', 'age>', 'age<', 'job: !']) expect(found(text).length).toBeGreaterThan(0);
    expect(found('age>').length).toBe(nodes.length);
  });

  test.each([
    ['rakc:r07', /unknown: rack/],
    ['age>soon', /age>5m/],
  ])('%s is said to be wrong', (text, expected) => {
    const parsed = parseFilter(text);
    expect(parsed.ok ? '' : parsed.error).toMatch(expected);
  });
});

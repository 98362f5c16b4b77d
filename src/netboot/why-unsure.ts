import { cleanText } from '../core/clean-text.ts';
import { realName } from '../core/identity.ts';
import { hasMac } from '../core/own-nic.ts';
import type { Identity } from './identity.ts';
import type { ScriptQuery } from './script-query.ts';

const HARDWARE = [
  ['uuid', 'uuid', 'UUID'],
  ['serial', 'serial', 'serial'],
  ['boardSerial', 'board-serial', 'board serial'],
] as const;

/** What a machine named itself by, and of each name why it does not make sure who it is: what a person can mend. */
export function whyUnsure(
  query: ReadonlyMap<string, string>,
  { claims }: ScriptQuery,
  { node }: Identity & { readonly is: 'node' },
): string {
  const macs = claims.macs.filter((mac) => hasMac(node, mac));
  const nic = macs.length > 0 ? `MAC ${macs[0]}` : nicText(claims.macs[0]);
  const names = HARDWARE.map(([kind, field, word]) => {
    const said = cleanText(query.get(field) ?? '', 80).trim();
    const claimed = claims[kind];
    if (claimed === undefined) return said === '' ? `no ${word}` : `${word} "${said}" (a placeholder)`;
    if (macs.length === 0) return `${word} ${claimed}`;
    // What contradicts the record is a conflict, so one that is recorded and proves nothing is not its alone.
    const isRecorded = realName(node.spec.identity[kind]) !== undefined;
    return `${word} ${claimed} (${isRecorded ? 'another machine has it too' : 'not in its file'})`;
  });
  return `it named itself by ${[nic, ...names].join(', ')}`;
}

const nicText = (mac: string | undefined): string => (mac === undefined ? 'no MAC' : `MAC ${mac} (not in its file)`);

import { parseConfig } from './config-documents.ts';
import { configPrint } from './config-print.ts';
import { VOLUME_KINDS } from './remove-disk-writers.ts';

/**
 * The parts of a configuration that make, format or mount something on a disk of a machine where Talos is installed
 * already, each with a hash. `machine.install` is not among them: Talos never installs over itself.
 */
export function diskWritersOf(text: string): ReadonlyMap<string, string> {
  const parsed = parseConfig(text, 'configuration');
  // What cannot be read may write anything.
  if (!parsed.ok) return new Map([['a configuration that cannot be read', configPrint(text)]]);
  const found = new Map<string, string>();
  for (const one of parsed.value) {
    const disks = one.root.getIn(['machine', 'disks'], true);
    if (disks !== undefined) found.set('machine.disks', configPrint(String(disks)));
    if (VOLUME_KINDS.has(one.kind) || one.kind.startsWith('LVM'))
      found.set([one.kind, one.name].filter(Boolean).join(' '), configPrint(one.source));
  }
  return found;
}

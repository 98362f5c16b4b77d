import type { Drift } from '../core/drift.ts';
import type { NodeState } from '../core/node.ts';
import { bootedByText } from '../core/own-nic.ts';
import { fail, ok, type Result } from '../core/result.ts';
import { type NewValue, writeValues } from '../inventory/write-values.ts';
import type { World } from './world.ts';

/** Writes what the machine is into its file; the watch then reads it like any change, and nothing is armed. */
export async function adoptDrift(
  world: Pick<World, 'reload'> & { readonly inventory: Pick<World['inventory'], 'folder'> },
  node: NodeState,
  drift: Drift,
): Promise<Result<string>> {
  const values = valuesFor(node, drift);
  if (!values.ok) return values;
  const written = writeValues(world.inventory.folder, node.spec.file, values.value);
  if (!written.ok) return written;
  await world.reload();
  const what = values.value.map(({ path }) => path.join('.')).join(', ');
  const gone = drift.field === 'mac' ? goneText(node, drift.observed) : '';
  return ok(`${node.name}: ${what} in ${written.value} is now what was observed${gone}; nothing is armed`);
}

/** A NIC by which it was known here is not dropped in silence. */
function goneText({ spec, seen: { nic } }: NodeState, observed: string): string {
  const gone = spec.identity.macs.filter((mac) => !observed.split(', ').includes(mac));
  const known = nic !== undefined && gone.includes(nic.mac) ? `; ${bootedByText(nic)}` : '';
  return `, ${observed}, and no longer ${gone.join(', ')}${known}`;
}

function valuesFor({ name, spec, seen }: NodeState, { field, observed }: Drift): Result<readonly NewValue[]> {
  const set = (value: unknown, ...path: readonly string[]): Result<readonly NewValue[]> => ok([{ path, value }]);
  switch (field) {
    case 'mac':
      return set(observed.split(', '), 'macs');
    case 'uuid':
    case 'serial':
    case 'boardSerial':
      return set(observed, field);
    case 'bmcSerial':
      return seen.bmc?.serial === undefined ? set(observed, 'boardSerial') : set(seen.bmc.serial, 'serial');
    case 'address':
      return set(observed, 'ip');
    case 'version':
      return set(observed, 'talos', 'version');
    case 'schematic':
      return spec.talos.extensions === undefined
        ? set(observed, 'talos', 'schematic')
        : fail(`${name}: its schematic is written as extensions and arguments: change those`);
    case 'disk': {
      const holder = seen.disks?.find((disk) => disk.holds?.some((label) => label === 'META' || label === 'STATE'));
      const { serial, wwid } = holder ?? {};
      if (serial !== undefined) return set({ serial }, 'talos', 'disk');
      return wwid === undefined
        ? fail(`${name}: the disk with Talos has no serial number and no wwid that could name it`)
        : set({ wwid }, 'talos', 'disk');
    }
    default:
      return fail(`${name}: ${field} cannot be adopted`);
  }
}

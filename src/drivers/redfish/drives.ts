import type { BmcDrive } from '../../core/bmc.ts';
import { realName } from '../../core/identity.ts';
import { asObject, type Json, linkAt, linksAt, listAt, numberAt, objectAt, textAt } from './json.ts';
import type { Walk } from './walk.ts';

const GHOSTS = /^(?:Absent|UnavailableOffline)$/;

function mediaOf(json: Json): BmcDrive['media'] {
  // Dell says PCIe where others say NVMe.
  if (/nvme|pcie/i.test(textAt(json, 'Protocol') ?? '')) return 'nvme';
  const type = (textAt(json, 'MediaType') ?? '').toLowerCase();
  return type === 'ssd' ? 'ssd' : type === 'hdd' || type === 'smr' ? 'hdd' : type === '' ? undefined : 'other';
}

function driveOf(json: Json): BmcDrive | undefined {
  // HPE shows empty bays as drives without a name.
  if (GHOSTS.test(textAt(json, 'Status', 'State') ?? '')) return undefined;
  const model = realName(textAt(json, 'Model'));
  const serial = realName(textAt(json, 'SerialNumber'));
  const sizeBytes = numberAt(json, 'CapacityBytes');
  const media = mediaOf(json);
  if (model === undefined && serial === undefined && !sizeBytes) return undefined;
  return {
    name: textAt(json, 'Name') ?? textAt(json, 'Id') ?? 'drive',
    ...(model === undefined ? {} : { model }),
    ...(serial === undefined ? {} : { serial }),
    ...(sizeBytes === undefined ? {} : { sizeBytes }),
    ...(media === undefined ? {} : { media }),
  };
}

/** Storage first; SimpleStorage, which older BMCs have alone, only where Storage told nothing. */
export async function readDrives(walk: Walk, system: Json): Promise<readonly BmcDrive[]> {
  const drives: BmcDrive[] = [];
  const seen = new Set<string>();
  const add = (json: Json | undefined) => {
    const drive = json === undefined ? undefined : driveOf(json);
    const key = drive === undefined ? '' : `${drive.serial ?? drive.name}/${drive.model ?? ''}`;
    if (drive === undefined || seen.has(key)) return;
    seen.add(key);
    drives.push(drive);
  };
  for (const storage of await walk.members(linkAt(system, 'Storage'))) {
    for (const path of linksAt(storage, 'Drives')) add(await walk.get(path));
    // The newer schema has a collection where the older one has a list.
    const collection = objectAt(storage, 'Drives') === undefined ? undefined : linkAt(storage, 'Drives');
    for (const json of await walk.members(collection)) add(json);
  }
  if (drives.length > 0) return drives;
  for (const storage of await walk.members(linkAt(system, 'SimpleStorage'))) {
    for (const device of listAt(storage, ['Devices'], 200)) add(asObject(device));
  }
  return drives;
}

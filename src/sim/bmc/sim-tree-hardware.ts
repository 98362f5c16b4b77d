import { collection, link, type Paths, type SimJson } from './sim-json.ts';
import type { SimState } from './sim-state.ts';

/** Drives and processors below the system. */

export function renderDrives(state: SimState, paths: Paths, rest: string): SimJson | undefined {
  return state.personality.drives === 'simpleStorage'
    ? renderSimpleStorage(state, paths, rest)
    : renderStorage(state, paths, rest);
}

/** Devices without a serial number, beside a collection of storage that is there and empty. */
function renderSimpleStorage({ identity }: SimState, paths: Paths, rest: string): SimJson | undefined {
  const at = `${paths.system}${rest}`;
  const own = identity.drives?.[0];
  const device = {
    Name: 'SATA Disk 1',
    Model: own?.model ?? 'INTEL SSDSC2BB48',
    CapacityBytes: own?.sizeBytes ?? 480_103_981_056,
    Status: { State: 'Enabled' },
  };
  switch (rest) {
    case '/Storage':
      return collection(at, []);
    case '/SimpleStorage':
      return collection(at, [`${at}/1`]);
    case '/SimpleStorage/1':
      return { '@odata.id': at, Id: '1', Devices: [device] };
    default:
      return undefined;
  }
}

const DRIVE_IDS = [1, 2, 3];

function renderStorage(state: SimState, paths: Paths, rest: string): SimJson | undefined {
  const storage = `${paths.system}/Storage`;
  const drives = `${storage}/1/Drives`;
  const members = DRIVE_IDS.map((id) => `${drives}/${id}`);
  switch (rest) {
    case '/Storage':
      return collection(storage, [`${storage}/1`]);
    case '/Storage/1': {
      const listed = state.personality.drives === 'storageCollection' ? link(drives) : members.map(link);
      return { '@odata.id': `${storage}/1`, Id: '1', Drives: listed };
    }
    case '/Storage/1/Drives':
      return collection(drives, members);
  }
  const id = /^\/Storage\/1\/Drives\/([123])$/.exec(rest)?.[1];
  return id === undefined ? undefined : renderDrive(state, `${paths.system}${rest}`, Number(id));
}

function renderDrive({ identity }: SimState, at: string, id: number): SimJson {
  const {
    model,
    serial,
    sizeBytes,
    type = 'nvme',
  } = identity.drives?.[id - 1] ?? {
    model: 'SAMSUNG MZQL2960HCJR',
    serial: `S64F${identity.serial}${id}`,
    sizeBytes: 960_197_124_096,
  };
  return {
    '@odata.id': at,
    Id: `Disk.${id}`,
    Name: `Disk ${id}`,
    Model: model,
    SerialNumber: serial,
    CapacityBytes: sizeBytes,
    MediaType: type === 'hdd' ? 'HDD' : 'SSD',
    Protocol: type === 'nvme' ? 'NVMe' : 'SATA',
    Status: { State: id > (identity.drives?.length ?? 2) ? 'Absent' : 'Enabled' },
  };
}

export function renderProcessors(paths: Paths, rest: string): SimJson | undefined {
  const at = `${paths.system}/Processors`;
  if (rest === '/Processors') return collection(at, [`${at}/cpu0`, `${at}/gpu0`]);
  if (rest === '/Processors/cpu0')
    return { '@odata.id': `${at}/cpu0`, Id: 'cpu0', ProcessorType: 'CPU', Model: 'POWER8', TotalCores: 8 };
  return rest === '/Processors/gpu0' ? { '@odata.id': `${at}/gpu0`, Id: 'gpu0', ProcessorType: 'GPU' } : undefined;
}

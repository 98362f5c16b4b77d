import { collection, link, type Paths, pathsOf, type SimJson } from './sim-json.ts';
import type { SimState } from './sim-state.ts';
import { networkResources, renderInterfaces } from './sim-tree-network.ts';
import { renderEntries, renderLogServices, renderMediaSlot } from './sim-tree-services.ts';

/** Answers one GET from the state of now: nothing is kept, so that hundreds of BMCs fit into one process. */

function renderRoot(state: SimState): SimJson {
  const { root } = state.personality;
  return {
    '@odata.id': '/redfish/v1',
    '@odata.type': '#ServiceRoot.v1_5_0.ServiceRoot',
    RedfishVersion: root.version,
    ...(root.vendor === undefined ? {} : { Vendor: root.vendor }),
    ...(root.product === undefined ? {} : { Product: root.product }),
    Oem: root.oem,
    Systems: link('/redfish/v1/Systems'),
    Managers: link('/redfish/v1/Managers'),
    Chassis: link('/redfish/v1/Chassis'),
    SessionService: link('/redfish/v1/SessionService'),
    Links: { Sessions: link('/redfish/v1/SessionService/Sessions') },
  };
}

function renderBoot(state: SimState, paths: Paths): SimJson {
  const { boot: rules, settings, macs } = state.personality;
  const shownAs = rules.pxeShownAs;
  const target =
    shownAs !== undefined && state.boot.target === 'Pxe' && state.boot.enabled === 'Once' ? shownAs : state.boot.target;
  return {
    BootSourceOverrideEnabled: state.boot.enabled,
    BootSourceOverrideTarget: target,
    ...(rules.mode === 'absent' ? {} : { BootSourceOverrideMode: state.boot.mode }),
    ...(rules.mode === 'annotated' ? { 'BootSourceOverrideMode@Redfish.AllowableValues': ['Legacy', 'UEFI'] } : {}),
    ...(settings?.listsTargets ? {} : { 'BootSourceOverrideTarget@Redfish.AllowableValues': rules.targets }),
    ...(rules.enabledValues === undefined
      ? {}
      : { 'BootSourceOverrideEnabled@Redfish.AllowableValues': rules.enabledValues }),
    ...(state.httpBootUri === undefined ? {} : { HttpBootUri: state.httpBootUri }),
    ...(macs.includes('bootOptions') ? { BootOptions: link(`${paths.system}/BootOptions`) } : {}),
  };
}

function renderLeds(state: SimState, at: 'system' | 'chassis'): SimJson {
  const { led } = state.personality;
  if (led.on !== at) return {};
  const both: SimJson = { IndicatorLED: state.led, LocationIndicatorActive: state.led === 'Blinking' };
  return Object.fromEntries(led.properties.map((name) => [name, both[name]]));
}

function renderReset(state: SimState, paths: Paths): SimJson {
  const { reset } = state.personality;
  return {
    target: `${paths.system}/Actions/ComputerSystem.Reset`,
    ...(reset.via === 'actionInfo' ? {} : { 'ResetType@Redfish.AllowableValues': reset.values }),
    ...(reset.via === 'inline' ? {} : { '@Redfish.ActionInfo': `${paths.system}/ResetActionInfo` }),
  };
}

function renderProgress(state: SimState): SimJson {
  const { progress } = state.personality;
  const post = state.power === 'Off' ? 'PowerOff' : state.inPost ? 'InPost' : 'FinishedPost';
  return {
    ...(progress === 'bootProgress' || progress === 'both' ? { BootProgress: { LastState: state.progress } } : {}),
    ...(progress === 'hpePostState' || progress === 'both' ? { PostState: post } : {}),
  };
}

function skuOf(state: SimState): string {
  const { sku } = state.personality;
  return sku === 'serviceTag' ? state.identity.sku : sku === 'productNumber' ? 'P38409-B21' : sku;
}

function renderSystem(state: SimState, paths: Paths): SimJson {
  const { personality: own, identity } = state;
  const { PostState, ...progress } = renderProgress(state);
  const serial = { board: identity.boardSerial, chassis: identity.serial, blank: '          ' }[own.serial];
  return {
    '@odata.id': paths.system,
    Id: own.systemId,
    Name: 'System',
    SystemType: 'Physical',
    Manufacturer: own.manufacturer,
    Model: own.model,
    SerialNumber: serial,
    SKU: skuOf(state),
    UUID: identity.uuid.toUpperCase(),
    AssetTag: identity.asset,
    ...(own.bios === undefined ? {} : { BiosVersion: own.bios }),
    PowerState: state.faults.stalePower ?? state.power,
    Status: {
      State: 'Enabled',
      Health: state.power === 'Off' ? null : state.health,
      HealthRollup: state.power === 'Off' ? null : state.health,
    },
    ProcessorSummary:
      own.processors === 'summary' ? { Count: 2, Model: 'AMD EPYC 7543 32-Core Processor      ' } : { Count: 0 },
    MemorySummary: { TotalSystemMemoryGiB: 256 },
    Boot: renderBoot(state, paths),
    ...progress,
    ...renderLeds(state, 'system'),
    ...(paths.settings === undefined ? {} : { '@Redfish.Settings': { SettingsObject: link(paths.settings) } }),
    EthernetInterfaces: link(`${paths.system}/EthernetInterfaces`),
    Processors: link(`${paths.system}/Processors`),
    ...(own.drives === 'simpleStorage' ? { SimpleStorage: link(`${paths.system}/SimpleStorage`) } : {}),
    ...(own.drives === 'none' ? {} : { Storage: link(`${paths.system}/Storage`) }),
    ...(own.log.at === 'system' ? { LogServices: link(paths.logs) } : {}),
    ...(own.media.at === 'system' ? { VirtualMedia: link(paths.media) } : {}),
    Links: { Chassis: [link(paths.chassis)], ManagedBy: [link(paths.manager)] },
    Actions: { '#ComputerSystem.Reset': renderReset(state, paths) },
    ...(own.macs.includes('hpeAdapters') || PostState !== undefined
      ? { Oem: { Hpe: { PostState, Links: { NetworkAdapters: link(`${paths.system}/BaseNetworkAdapters`) } } } }
      : {}),
  };
}

function renderSettings(state: SimState, paths: Paths): SimJson {
  const { settings, boot: rules } = state.personality;
  const all: SimJson = {
    BootSourceOverrideEnabled: state.pending.enabled,
    BootSourceOverrideTarget: state.pending.target,
    BootSourceOverrideMode: state.pending.mode,
    BootOrder: ['Boot0001', 'Boot0002'],
  };
  return {
    '@odata.id': paths.settings,
    Id: 'Settings',
    Boot: {
      ...Object.fromEntries((settings?.properties ?? []).map((name) => [name, all[name]])),
      ...(settings?.listsTargets ? { 'BootSourceOverrideTarget@Redfish.AllowableValues': rules.targets } : {}),
    },
  };
}

function renderManager(state: SimState, paths: Paths): SimJson {
  const { personality: own } = state;
  return {
    '@odata.id': paths.manager,
    Id: own.managerId,
    ManagerType: 'BMC',
    Model: own.managerModel,
    FirmwareVersion: own.firmware,
    ...(own.media.at === 'manager' ? { VirtualMedia: link(paths.media) } : {}),
    ...(own.log.at === 'manager' ? { LogServices: link(paths.logs) } : {}),
  };
}

function renderDrives(state: SimState, paths: Paths, rest: string): SimJson | undefined {
  const { drives } = state.personality;
  const own = state.identity.drives;
  const drive = (at: string, index: number): SimJson => {
    const { model, serial, sizeBytes } = own?.[index - 1] ?? {
      model: 'SAMSUNG MZQL2960HCJR',
      serial: `S64F${state.identity.serial}${index}`,
      sizeBytes: 960_197_124_096,
    };
    return {
      '@odata.id': at,
      Id: `Disk.${index}`,
      Name: `Disk ${index}`,
      Model: model,
      SerialNumber: serial,
      CapacityBytes: sizeBytes,
      MediaType: 'SSD',
      Protocol: 'NVMe',
      Status: { State: index > (own?.length ?? 2) ? 'Absent' : 'Enabled' },
    };
  };
  const ids = [1, 2, 3];
  const storage = `${paths.system}/Storage`;
  if (drives === 'simpleStorage') {
    if (rest === '/Storage') return collection(storage, []);
    const device = {
      Name: 'SATA Disk 1',
      Model: own?.[0]?.model ?? 'INTEL SSDSC2BB48',
      CapacityBytes: own?.[0]?.sizeBytes ?? 480_103_981_056,
      Status: { State: 'Enabled' },
    };
    if (rest === '/SimpleStorage') return collection(`${paths.system}${rest}`, [`${paths.system}/SimpleStorage/1`]);
    return rest === '/SimpleStorage/1'
      ? { '@odata.id': `${paths.system}${rest}`, Id: '1', Devices: [device] }
      : undefined;
  }
  if (rest === '/Storage') return collection(storage, [`${storage}/1`]);
  if (rest === '/Storage/1') {
    const at = `${storage}/1/Drives`;
    const listed = drives === 'storageCollection' ? link(at) : ids.map((id) => link(`${at}/${id}`));
    return { '@odata.id': `${storage}/1`, Id: '1', Drives: listed };
  }
  if (rest === '/Storage/1/Drives')
    return collection(
      `${storage}/1/Drives`,
      ids.map((id) => `${storage}/1/Drives/${id}`),
    );
  const id = /^\/Storage\/1\/Drives\/([123])$/.exec(rest)?.[1];
  return id === undefined ? undefined : drive(`${paths.system}${rest}`, Number(id));
}

function renderProcessors(paths: Paths, rest: string): SimJson | undefined {
  const at = `${paths.system}/Processors`;
  if (rest === '/Processors') return collection(at, [`${at}/cpu0`, `${at}/gpu0`]);
  if (rest === '/Processors/cpu0')
    return { '@odata.id': `${at}/cpu0`, Id: 'cpu0', ProcessorType: 'CPU', Model: 'POWER8', TotalCores: 8 };
  return rest === '/Processors/gpu0' ? { '@odata.id': `${at}/gpu0`, Id: 'gpu0', ProcessorType: 'GPU' } : undefined;
}

function renderBelowSystem(state: SimState, paths: Paths, rest: string): SimJson | undefined {
  const info = { Parameters: [{ Name: 'ResetType', AllowableValues: state.personality.reset.values }] };
  if (rest === '/ResetActionInfo') return { '@odata.id': `${paths.system}${rest}`, Id: 'ResetActionInfo', ...info };
  return (
    renderDrives(state, paths, rest) ??
    renderProcessors(paths, rest) ??
    renderInterfaces(state, paths, rest) ??
    networkResources(state, paths).get(`${paths.system}${rest}`)
  );
}

/** `query` is the part behind the `?`: the simulated logs page by `$skip`. */
export function renderResource(state: SimState, path: string, query: string): SimJson | undefined {
  const paths = pathsOf(state);
  const decoys = state.personality.decoys.map((decoy) => ({
    '@odata.id': `/redfish/v1/Systems/${String(decoy.Id)}`,
    ...decoy,
  }));
  switch (path) {
    case '/redfish/v1':
      return renderRoot(state);
    case '/redfish/v1/Systems':
      return collection(path, [...decoys.map((decoy) => decoy['@odata.id']), paths.system]);
    case '/redfish/v1/Managers':
      return collection(path, [paths.manager]);
    case '/redfish/v1/Chassis':
      return collection(path, [paths.chassis]);
    case paths.system:
      return renderSystem(state, paths);
    case paths.settings:
      return renderSettings(state, paths);
    case paths.manager:
      return renderManager(state, paths);
    case paths.chassis:
      return {
        '@odata.id': path,
        Id: 'chassis',
        ...renderLeds(state, 'chassis'),
        NetworkAdapters: link(`${path}/NetworkAdapters`),
      };
    case paths.media:
      return collection(
        path,
        state.personality.media.slots.map((slot) => `${paths.media}/${slot.id}`),
      );
    case paths.logs:
      return renderLogServices(state, paths);
  }
  if (path.startsWith(`${paths.media}/`)) return renderMediaSlot(state, paths, path);
  if (path.startsWith(`${paths.logs}/`)) return renderEntries(state, paths, path, query);
  const decoy = decoys.find((one) => one['@odata.id'] === path);
  if (decoy !== undefined) return decoy;
  if (path.startsWith(`${paths.system}/`)) return renderBelowSystem(state, paths, path.slice(paths.system.length));
  return networkResources(state, paths).get(path);
}

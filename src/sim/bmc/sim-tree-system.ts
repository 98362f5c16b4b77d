import { link, type Paths, type SimJson } from './sim-json.ts';
import type { SimState } from './sim-state.ts';

/** The machine itself, as this family shows it: who it is, its power, how it boots. */

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

export function renderLeds(state: SimState, at: 'system' | 'chassis'): SimJson {
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

export function renderSystem(state: SimState, paths: Paths): SimJson {
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

export function renderSettings(state: SimState, paths: Paths): SimJson {
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

import { collection, link, type Paths, pathsOf, type SimJson } from './sim-json.ts';
import type { SimState } from './sim-state.ts';
import { renderDrives, renderProcessors } from './sim-tree-hardware.ts';
import { networkResources, renderInterfaces } from './sim-tree-network.ts';
import { renderEntries, renderLogServices, renderMediaSlot } from './sim-tree-services.ts';
import { renderLeds, renderSettings, renderSystem } from './sim-tree-system.ts';

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

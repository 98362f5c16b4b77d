import type { SimState } from './sim-state.ts';

/** The small words of the resource tree. */

export type SimJson = Record<string, unknown>;

export const link = (path: string) => ({ '@odata.id': path });

export function collection(path: string, members: readonly (string | SimJson)[]): SimJson {
  return {
    '@odata.id': path,
    Name: 'Collection',
    'Members@odata.count': members.length,
    Members: members.map((member) => (typeof member === 'string' ? link(member) : member)),
  };
}

export interface Paths {
  readonly system: string;
  readonly manager: string;
  readonly chassis: string;
  readonly settings: string | undefined;
  readonly media: string;
  readonly logs: string;
}

export function pathsOf(state: SimState): Paths {
  const { personality: own } = state;
  const system = `/redfish/v1/Systems/${own.systemId}`;
  const manager = `/redfish/v1/Managers/${own.managerId}`;
  return {
    system,
    manager,
    chassis: `/redfish/v1/Chassis/${own.chassisId}`,
    settings: own.settings === undefined ? undefined : `${system}/${own.settings.path}`,
    media: `${own.media.at === 'system' ? system : manager}/VirtualMedia`,
    logs: `${own.log.at === 'system' ? system : manager}/LogServices`,
  };
}

import { fail, ok, type Result } from '../../core/result.ts';
import type { SeenDisk } from '../../core/seen.ts';
import type { SeenApi } from '../../core/seen-talos.ts';
import { configPrint } from '../../talos/config-print.ts';
import type { TalosHardware } from '../../talos/hardware.ts';
import type { TalosApi } from './open-talos-api.ts';

type Facts = Omit<SeenApi, 'at'>;

export interface Checked {
  readonly facts: Facts;
  /** What is on each, too: it tells whether Talos is on the disk of the rule. */
  readonly disks?: readonly SeenDisk[];
}

/** What a configured node says of itself. What its role may not read (the configuration, for a reader) is left out. */
export async function checkNode(
  ask: (work: (api: TalosApi) => Promise<Result<Checked>>) => Promise<Result<Checked>>,
  /** Why what is read there is of another machine. */
  problemOf: (hardware: TalosHardware) => string | undefined,
): Promise<Checked> {
  const told = await ask(async (api) => {
    const version = await api.version();
    if (!version.ok) return fail(version.error.message);
    const hardware = await api.hardware();
    const other = hardware.ok ? problemOf(hardware.value) : undefined;
    if (other !== undefined) return fail(other);
    const services = await api.services();
    const status = await api.machineStatus();
    const schematic = await api.schematic();
    const systemDisk = await api.systemDisk();
    const config = await api.configuration();
    const known = (key: keyof Facts, value: string | undefined) => (value === undefined ? {} : { [key]: value });
    const facts: Facts = {
      version: version.value.tag,
      services: services.ok ? services.value : [],
      ...(status.ok ? { stage: status.value.stage } : {}),
      ...known('schematic', schematic.ok ? schematic.value : undefined),
      ...known('systemDisk', systemDisk.ok ? systemDisk.value : undefined),
      ...(config.ok ? { configPrint: configPrint(config.value) } : {}),
    };
    return ok({ facts, ...(hardware.ok ? { disks: hardware.value.disks } : {}) });
  });
  return told.ok ? told.value : { facts: { services: [], problem: told.error } };
}

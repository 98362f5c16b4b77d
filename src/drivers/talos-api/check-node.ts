import { fail, ok, type Result } from '../../core/result.ts';
import type { SeenApi } from '../../core/seen-talos.ts';
import { configPrint } from '../../talos/config-print.ts';
import type { TalosApi } from './open-talos-api.ts';

type Facts = Omit<SeenApi, 'at'>;

/** What a configured node says of itself. What its role may not read (the configuration, for a reader) is left out. */
export async function checkNode(
  ask: (work: (api: TalosApi) => Promise<Result<Facts>>) => Promise<Result<Facts>>,
): Promise<Facts> {
  const told = await ask(async (api) => {
    const version = await api.version();
    if (!version.ok) return fail(version.error.message);
    const services = await api.services();
    const status = await api.machineStatus();
    const schematic = await api.schematic();
    const systemDisk = await api.systemDisk();
    const config = await api.configuration();
    const known = (key: keyof Facts, value: string | undefined) => (value === undefined ? {} : { [key]: value });
    return ok({
      version: version.value.tag,
      services: services.ok ? services.value : [],
      ...(status.ok ? { stage: status.value.stage } : {}),
      ...known('schematic', schematic.ok ? schematic.value : undefined),
      ...known('systemDisk', systemDisk.ok ? systemDisk.value : undefined),
      ...(config.ok ? { configPrint: configPrint(config.value) } : {}),
    });
  });
  return told.ok ? told.value : { services: [], problem: told.error };
}

import { fail, ok, type Result } from '../../core/result.ts';
import type { SeenMachine } from '../../core/seen-talos.ts';
import type { TalosHardware } from '../../talos/hardware.ts';
import type { TalosApi } from './open-talos-api.ts';

/** Hardware and version; without a version the hardware is told all the same. */
export async function readAnyHardware(
  api: TalosApi,
): Promise<Result<{ readonly hardware: TalosHardware; readonly version?: string; readonly fingerprint?: string }>> {
  const hardware = await api.hardware();
  if (!hardware.ok) return fail(hardware.error.message);
  const version = await api.version();
  const { fingerprint } = api;
  return ok({
    hardware: hardware.value,
    ...(version.ok ? { version: version.value.tag } : {}),
    ...(fingerprint === undefined ? {} : { fingerprint }),
  });
}

/** What is kept of the machine beside its identity and its disks. */
export function machineOf(hardware: TalosHardware): SeenMachine {
  const { disks: _disks, serial: _serial, uuid: _uuid, ...machine } = hardware;
  return machine;
}

import type { BmcPort, BmcResult, BmcStatus } from '../core/bmc.ts';
import { ok } from '../core/result.ts';

/** In one request where the driver can; else what every driver can tell. */
export async function readBmcStatus(port: Pick<BmcPort, 'readPower' | 'readStatus'>): BmcResult<BmcStatus> {
  if (port.readStatus !== undefined) return port.readStatus();
  const power = await port.readPower();
  return power.ok ? ok({ power: power.value }) : power;
}

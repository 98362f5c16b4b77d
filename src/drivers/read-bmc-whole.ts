import type { BmcPort, BmcResult, BmcWhole } from '../core/bmc.ts';
import { ok } from '../core/result.ts';

/** In one look where the driver can; else one question after the other. */
export async function readBmcWhole(
  port: Pick<BmcPort, 'readPower' | 'readIdentity' | 'readWhole'>,
): BmcResult<BmcWhole> {
  if (port.readWhole !== undefined) return port.readWhole();
  const power = await port.readPower();
  const identity = await port.readIdentity();
  if (!identity.ok) return identity;
  return ok({ identity: identity.value, ...(power.ok ? { power: power.value } : {}) });
}

import type { BmcProblem } from '../core/bmc.ts';
import { ok, type Result } from '../core/result.ts';
import type { NodeSpec } from '../core/spec.ts';
import { caOf } from '../drivers/bmc-ca.ts';
import type { TrustedCa } from '../drivers/redfish/tls-pin.ts';
import { resolveDocument } from '../inventory/resolve-reference.ts';
import type { DoctorSite } from './doctor-site.ts';

export type WithBmc = NodeSpec & { readonly bmc: NonNullable<NodeSpec['bmc']> };

/** A fingerprint in the inventory goes before the authority. */
export async function doctorCa(
  doctor: DoctorSite,
  { bmc }: WithBmc,
): Promise<Result<TrustedCa | undefined, BmcProblem>> {
  if (bmc.fingerprint !== undefined) return ok(undefined);
  const read = await caOf(bmc, (ref) => resolveDocument(ref, { folder: doctor.folder, env: doctor.env }));
  if (!read.ok || read.value === undefined) return read.ok ? ok(undefined) : read;
  const name = bmc.tls?.name;
  return ok({ pem: read.value, ...(name === undefined ? {} : { name }) });
}

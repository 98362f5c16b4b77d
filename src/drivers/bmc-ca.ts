import { X509Certificate } from 'node:crypto';
import type { BmcProblem } from '../core/bmc.ts';
import { fail, ok, type Result } from '../core/result.ts';
import type { BmcSpec, DocumentRef } from '../core/spec.ts';
import { bmcProblem } from './bmc-problem.ts';

/** The file of `bmc.tls.ca`, read and looked at; undefined where the inventory names none. */
export async function caOf(
  spec: Pick<BmcSpec, 'tls'>,
  document: (ref: DocumentRef) => Promise<Result<Uint8Array>>,
): Promise<Result<string | undefined, BmcProblem>> {
  if (spec.tls === undefined) return ok(undefined);
  const read = await document(spec.tls.ca);
  const text = read.ok ? Buffer.from(read.value).toString('utf8') : undefined;
  const why = text === undefined ? (read.ok ? '' : read.error) : pemProblem(text);
  if (why === undefined) return ok(text);
  return fail(bmcProblem('tls', `The CA of bmc.tls.ca cannot be used: ${why}.`, 'Correct bmc.tls.ca.'));
}

function pemProblem(text: string): string | undefined {
  const certificates = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  if (certificates.length === 0) return 'it holds no certificate in PEM form';
  for (const one of certificates) {
    try {
      new X509Certificate(one);
    } catch {
      return 'one of its certificates cannot be read';
    }
  }
  return undefined;
}

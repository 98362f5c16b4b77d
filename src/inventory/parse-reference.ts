import { fail, ok, type Result } from '../core/result.ts';
import type { DocumentRef, SecretRef } from '../core/spec.ts';

const HOW = 'write where it is kept: env:BMC_PASSWORD, file:secrets/bmc-password or exec:COMMAND';

/** Never repeats the text: what is no reference is most likely the secret itself. */
export function parseSecretRef(text: string): Result<SecretRef> {
  const match = /^(env|file|exec):\s*(.*)$/s.exec(text.trim());
  if (match === null) return fail(`a password stands here in the clear; ${HOW}`);
  const [, from, rest = ''] = match;
  if (rest === '') return fail(`nothing follows "${from}:"; ${HOW}`);
  if (from === 'file') return ok({ from, path: rest });
  if (from === 'exec') return ok({ from, command: rest });
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(rest)) {
    return fail('what follows "env:" is no name of an environment variable; expected env:BMC_PASSWORD');
  }
  return ok({ from: 'env', name: rest });
}

/** `_talos/worker.yaml`, `file:_talos/worker.yaml` or `exec:sops -d worker.yaml`; paths from the inventory folder. */
export function parseDocumentRef(text: string): Result<DocumentRef> {
  const match = /^(file|exec):\s*(.*)$/s.exec(text.trim());
  const rest = match === null ? text.trim() : (match[2] ?? '');
  if (rest === '') return fail('expected a file, such as _talos/worker.yaml, or exec:COMMAND');
  if (/^(env|https?|ftp|s3):/.test(rest)) {
    return fail('expected a file of this machine, such as _talos/worker.yaml, or exec:COMMAND');
  }
  return ok(match?.[1] === 'exec' ? { from: 'exec', command: rest } : { from: 'file', path: rest });
}

/** Splits a command line at blanks outside of double quotes, as the kernel does. */
export const splitArguments = (line: string): string[] => line.match(/(?:[^\s"]|"[^"]*"?)+/g) ?? [];

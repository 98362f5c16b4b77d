import type { BmcTarget } from '../../core/bmc.ts';
import { fail, ok, type Result } from '../../core/result.ts';
import { parseBmcUrl } from '../bmc-url.ts';

/** A program that takes the whole terminal. The secret is in its environment alone: `ps` shows arguments to everybody. */
export interface ConsoleCommand {
  readonly program: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** How one comes back. */
  readonly leave: string;
}

/** IPMI's serial-over-LAN answers on the BMC's address, whatever else the BMC speaks. */
export function serialConsole(
  { spec, password }: Pick<BmcTarget, 'spec' | 'password'>,
  hasProgram: (name: string) => boolean,
): Result<ConsoleCommand> {
  const address = parseBmcUrl(spec.url);
  if (!address.ok) return address;
  if (!hasProgram('ipmitool')) return fail('the serial console needs ipmitool (apt install ipmitool)');
  // IPMI 2.0 keeps 20 bytes of a password: a longer one never fits, and each try counts against the account.
  if (Buffer.byteLength(password) > 20)
    return fail('IPMI takes passwords of 20 characters at most; this one is longer');
  if (/^-|[\0\n]/.test(spec.username)) return fail('bmc.username cannot be given to ipmitool');
  const at = address.value;
  const host = at.kind === 'ipmi' ? at.host : new URL(at.origin).hostname.replace(/^\[|\]$/g, '');
  const port = at.kind === 'ipmi' ? at.port : 623;
  return ok({
    program: 'ipmitool',
    args: ['-I', 'lanplus', '-H', host, '-p', String(port), '-U', spec.username, '-E', 'sol', 'activate'],
    env: { IPMI_PASSWORD: password },
    leave: '~.',
  });
}

import { setcapCommand } from './own-program.ts';
import type { ServerProblem } from './server-parts.ts';

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error ? String(error.code) : String(error);

export const isAddressAbsent = (error: unknown): boolean => codeOf(error) === 'EADDRNOTAVAIL';

/** An error of bind or listen in words, with the way out. */
export function explainListen(
  error: unknown,
  what: string,
  transport: 'udp' | 'tcp',
  where: { readonly address: string; readonly port: number },
): ServerProblem {
  const code = codeOf(error);
  const place = `${transport.toUpperCase()} ${where.address}:${where.port}`;
  switch (code) {
    case 'EADDRINUSE':
      return {
        why: `${what}: ${place} is taken by another program`,
        advice: `see which: ss -l${transport === 'udp' ? 'u' : 't'}np 'sport = :${where.port}'; stop it, or choose another port under \`ports:\``,
        isTaken: true,
      };
    case 'EACCES':
    case 'EPERM':
      return {
        why: `${what}: no permission for ${place}`,
        advice: `ports below 1024 need a capability: ${setcapCommand()}, or run under the systemd unit in assets/systemd, or use high ports under \`ports:\``,
      };
    case 'EADDRNOTAVAIL':
      return {
        why: `${what}: ${where.address} is no address of this machine`,
        advice: `give the interface that address (ip addr add ${where.address}/… dev …), or correct \`address:\` in _site.yaml`,
        isAbsent: true,
      };
    case 'EMFILE':
    case 'ENFILE':
      return {
        why: `${what}: too many open files`,
        advice: 'raise the limit: ulimit -n 65536, or LimitNOFILE=65536 in the unit',
      };
    default:
      return {
        why: `${what}: ${place}: ${code}`,
        advice: 'see the message; `crashcart doctor` looks at the surroundings',
      };
  }
}

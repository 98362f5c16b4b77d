import { fail, ok, type Result } from '../../core/result.ts';

/** The simulation talks to this computer and to nothing else, whatever a script, an answer or an argument names. */
export const isLoopback = (host: string): boolean =>
  /^127(?:\.\d{1,3}){3}$/.test(host) || host === 'localhost' || host === '::1';

/** Of a packet: the first byte of 127/8. */
export const isLoopbackAddress = (address: number): boolean => address >>> 24 === 127;

export interface HostPort {
  readonly address: string;
  readonly port: number;
}

export function parseHostPort(text: string): Result<HostPort> {
  const match = /^([^:/\s]+):(\d{1,5})$/.exec(text);
  const port = Number(match?.[2]);
  if (match === null || port < 1 || port > 65_535) return fail(`"${text.slice(0, 60)}" is no host:port`);
  const address = match[1] ?? '';
  return isLoopback(address) ? ok({ address, port }) : fail(`${address} is not on this computer`);
}

import { fail, ok, type Result } from '../core/result.ts';

/** In packets an IPv4 address is one unsigned 32-bit number: comparing, masking and counting pools need no strings. */

export function renderIpv4(address: number): string {
  return `${address >>> 24}.${(address >>> 16) & 255}.${(address >>> 8) & 255}.${address & 255}`;
}

/** Dotted decimal only. `010.1.1.1` is refused: some tools read it as octal. */
export function parseIpv4(text: string): Result<number> {
  const parts = text.split('.');
  if (parts.length !== 4) return fail(`"${text.slice(0, 40)}" is not an IPv4 address`);
  let address = 0;
  for (const part of parts) {
    if (!/^(0|[1-9][0-9]{0,2})$/.test(part) || Number(part) > 255) {
      return fail(`"${text.slice(0, 40)}" is not an IPv4 address`);
    }
    address = address * 256 + Number(part);
  }
  return ok(address);
}

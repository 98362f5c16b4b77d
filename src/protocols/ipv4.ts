import { fail, ok, type Result } from '../core/result.ts';

/** In packets an IPv4 address is one unsigned 32-bit number: comparing, masking and counting pools need no strings. */

export function renderIpv4(address: number): string {
  return `${address >>> 24}.${(address >>> 16) & 255}.${(address >>> 8) & 255}.${address & 255}`;
}

/** Dotted decimal only. `010.1.1.1` is refused: some tools read it as octal. */
export function parseIpv4(text: string): Result<number> {
  let address = 0;
  let at = 0;
  for (let part = 0; part < 4; part += 1) {
    const start = at;
    let value = 0;
    for (; at < text.length; at += 1) {
      const digit = text.charCodeAt(at) - ZERO;
      if (digit < 0 || digit > 9) break;
      value = value * 10 + digit;
      if (value > 255) return notIpv4(text);
    }
    if (at === start || (at - start > 1 && text.charCodeAt(start) === ZERO)) return notIpv4(text);
    if (part === 3 ? at !== text.length : text.charCodeAt(at) !== DOT) return notIpv4(text);
    at += 1;
    address = address * 256 + value;
  }
  return ok(address);
}

const ZERO = 0x30;
const DOT = 0x2e;

const notIpv4 = (text: string): Result<number> => fail(`"${text.slice(0, 40)}" is not an IPv4 address`);

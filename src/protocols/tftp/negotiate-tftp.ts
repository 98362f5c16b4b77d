import { fail, ok, type Result } from '../../core/result.ts';
import { countBlocks } from './tftp-image.ts';
import { TFTP_ERROR, type TftpOption, type TftpRequest } from './tftp-message.ts';

export interface TftpLimits {
  /** 1468 fits an Ethernet frame with room for a tunnel's header; more would be fragmented, and ROMs do not reassemble. */
  readonly maxBlockBytes: number;
  readonly maxWindowBlocks: number;
}

export const TFTP_LIMITS: TftpLimits = { maxBlockBytes: 1468, maxWindowBlocks: 64 };

/**
 * Every size makes an image of the file with headers between its blocks, so there are few: what firmware asks for
 * (1408 and 1456 old ROMs, 1428 and 1432 iPXE, 1468 EDK2), and steps below. RFC 2348 lets a server answer with less.
 */
const BLOCK_SIZES = [8, 16, 32, 64, 128, 256, 512, 1024, 1280, 1408, 1428, 1432, 1456, 1468] as const;

/** What a transfer will be like: decided once, from the request and the limits. */
export interface TransferPlan {
  readonly sizeBytes: number;
  readonly blockBytes: number;
  readonly windowBlocks: number;
  readonly blockCount: number;
  /** What the OACK says. Empty: there is none, and DATA 1 is the answer. */
  readonly accepted: readonly TftpOption[];
  /** The client's own wish (RFC 2349); it replaces the adaptive timer. */
  readonly fixedTimeoutMs?: number;
  /** It asked for `tsize`: ending after the OACK is then no failure. */
  readonly mayBeProbe: boolean;
}

export interface TftpRefusal {
  readonly code: number;
  readonly message: string;
}

/** Decimal digits only: `0x10`, `1e3` and `-1` are not numbers on this wire. */
function parseNumber(text: string, min: number, max: number): number | undefined {
  if (!/^[0-9]{1,10}$/.test(text)) return undefined;
  const value = Number(text);
  return value >= min && value <= max ? value : undefined;
}

/** An unknown or impossible option is left out of the OACK, which is how RFC 2347 says no. */
export function negotiateTftp(
  request: TftpRequest,
  sizeBytes: number,
  limits: TftpLimits = TFTP_LIMITS,
): Result<TransferPlan, TftpRefusal> {
  if (request.kind !== 'read') return fail({ code: TFTP_ERROR.accessViolation, message: 'this server only sends' });
  if (request.mode !== 'octet' && request.mode !== 'netascii') {
    return fail({ code: TFTP_ERROR.illegalOperation, message: 'only the modes octet and netascii are known' });
  }
  const accepted: TftpOption[] = [];
  const wish = (name: string, min: number, max: number) => {
    const option = request.options.find((one) => one.name === name);
    return option === undefined ? undefined : parseNumber(option.value, min, max);
  };
  const accept = (name: string, value: number | undefined) => {
    if (value !== undefined) accepted.push({ name, value: String(value) });
    return value;
  };
  const block = wish('blksize', 8, 4_294_967_295);
  const window = wish('windowsize', 1, 65_535);
  const blockBytes = accept('blksize', block && fitBlock(Math.min(block, limits.maxBlockBytes))) ?? 512;
  const windowBlocks = accept('windowsize', window && Math.min(window, limits.maxWindowBlocks)) ?? 1;
  const mayBeProbe = request.options.some((one) => one.name === 'tsize');
  accept('tsize', mayBeProbe ? sizeBytes : undefined);
  const seconds = accept('timeout', wish('timeout', 1, 255));
  return ok({
    sizeBytes,
    blockBytes,
    windowBlocks,
    blockCount: countBlocks(sizeBytes, blockBytes),
    accepted,
    mayBeProbe,
    ...(seconds === undefined ? {} : { fixedTimeoutMs: seconds * 1000 }),
  });
}

const fitBlock = (bytes: number): number => BLOCK_SIZES.findLast((size) => size <= bytes) ?? BLOCK_SIZES[0];

/** Takes an archive in pieces as they come, and keeps the few files that are wanted of it. */
export interface CpioScan {
  /** False: what came last is no archive any more. */
  readonly push: (chunk: Buffer) => boolean;
  /** Of all that was pushed, what belonged to archives and the zeros behind them. */
  readonly takenBytes: () => number;
}

type Need = { readonly take: number } | { readonly skip: number };

const HEADER_BYTES = 110;
const MAGIC_BYTES = 6;
const NAME_MAX = 4096;
const SIZE_AT = 54;
const NAME_SIZE_AT = 94;
const LAST = 'TRAILER!!!';

const toFour = (bytes: number): number => (4 - (bytes % 4)) % 4;
const hexAt = (header: Buffer, at: number): number => Number.parseInt(header.toString('latin1', at, at + 8), 16);
const isMagic = (bytes: Buffer): boolean => /^07070[12]$/.test(bytes.toString('latin1', 0, MAGIC_BYTES));

/** `newc`, as Linux unpacks it: one archive after the other, with zeros between them. */
function* read(
  isWanted: (name: string, sizeBytes: number) => boolean,
  found: (name: string, bytes: Buffer) => void,
): Generator<Need, number, Buffer> {
  for (;;) {
    const start = yield { take: 4 };
    const zeros = start.findIndex((byte) => byte !== 0);
    if (zeros === -1) continue;
    if (zeros > 0 || start.toString('latin1') !== '0707') return start.length - zeros;
    const header = Buffer.concat([start, yield { take: HEADER_BYTES - start.length }]);
    const nameBytes = hexAt(header, NAME_SIZE_AT);
    const sizeBytes = hexAt(header, SIZE_AT);
    if (!isMagic(header) || !(nameBytes > 0 && nameBytes <= NAME_MAX) || Number.isNaN(sizeBytes)) return HEADER_BYTES;
    const name = (yield { take: nameBytes + toFour(HEADER_BYTES + nameBytes) }).toString('utf8', 0, nameBytes - 1);
    if (name === LAST) continue;
    if (isWanted(name, sizeBytes)) found(name, yield { take: sizeBytes });
    else yield { skip: sizeBytes };
    yield { skip: toFour(sizeBytes) };
  }
}

export function scanCpio(
  isWanted: (name: string, sizeBytes: number) => boolean,
  found: (name: string, bytes: Buffer) => void,
): CpioScan {
  const reading = read(isWanted, found);
  let step = reading.next();
  let kept: Buffer[] = [];
  let missing = 0;
  let pushed = 0;
  let left = 0;
  const begin = (): void => {
    if (step.done === true) return;
    missing = 'take' in step.value ? step.value.take : step.value.skip;
  };
  const goOn = (): void => {
    const bytes = Buffer.concat(kept);
    kept = [];
    step = reading.next(bytes);
    begin();
  };
  begin();
  return {
    push(chunk) {
      let at = 0;
      while (step.done !== true) {
        const part = chunk.subarray(at, at + missing);
        if ('take' in step.value) kept.push(part);
        at += part.length;
        missing -= part.length;
        if (missing > 0) break;
        goOn();
      }
      pushed += at;
      if (step.done !== true) return true;
      left = step.value;
      return false;
    },
    takenBytes: () => pushed - left,
  };
}

/** Lines out of a byte stream. One that is too long is dropped whole, up to its end, and counted; memory stays bounded. */
export interface LineSplitter {
  readonly push: (bytes: Buffer) => readonly string[];
  readonly tooLong: () => number;
}

const NEWLINE = 10;

export function createLineSplitter(maxBytes: number): LineSplitter {
  let parts: Buffer[] = [];
  let held = 0;
  let skipping = false;
  let tooLong = 0;
  return {
    push: (bytes) => {
      const lines: string[] = [];
      let start = 0;
      for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, start)) {
        if (!skipping && held + end - start <= maxBytes) {
          parts.push(bytes.subarray(start, end));
          const line = Buffer.concat(parts).toString('utf8').trimEnd();
          if (line !== '') lines.push(line);
        } else if (!skipping) tooLong += 1;
        parts = [];
        held = 0;
        skipping = false;
        start = end + 1;
      }
      const rest = bytes.length - start;
      if (rest > 0 && !skipping) {
        if (held + rest > maxBytes) {
          tooLong += 1;
          skipping = true;
          parts = [];
          held = 0;
        } else {
          // A copy: the stream's buffer is larger than the piece of it that is kept.
          parts.push(Buffer.from(bytes.subarray(start)));
          held += rest;
        }
      }
      return lines;
    },
    tooLong: () => tooLong,
  };
}

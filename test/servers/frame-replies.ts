/** What the probe sends and the test expects: of its size, with its number before bytes that no other reply has. */
export function replyOf(number: number, sizeBytes: number): Buffer {
  const bytes = Buffer.alloc(sizeBytes);
  for (let at = 0; at < sizeBytes; at += 1) bytes[at] = (number * 31 + at * 7) & 0xff;
  bytes.writeUInt32BE(number, 0);
  return bytes;
}

/** Replies at the end of one turn of the loop: how many, of how many bytes, the first one's number. */
export interface ReplyTurn {
  readonly count: number;
  readonly sizeBytes: number;
  readonly first: number;
}

/** What a frame socket is put through: its replies, a command in its namespace, or its end before they are flushed. */
export type FrameStep =
  | { readonly send: ReplyTurn }
  | { readonly run: readonly string[] }
  | { readonly closeBeforeFlush: ReplyTurn };

export interface FrameProbe {
  readonly iface: string;
  readonly address: string;
  /** Sockets opened and closed before the one that sends. */
  readonly rounds?: number;
  readonly steps: readonly FrameStep[];
}

export interface FrameTold {
  /** Undefined: none could be had. */
  readonly made: boolean;
  /** Of each step that sends: replies that left as frames and by Node, and what went wrong with which. */
  readonly turns: readonly {
    readonly frames: number;
    readonly byNode: number;
    readonly sent: number;
    readonly errors: readonly string[];
  }[];
  /** Open files: before the first socket, and after the last one is closed. */
  readonly descriptors: readonly [before: number, after: number];
}

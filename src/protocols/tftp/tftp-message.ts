/** RFC 1350, with the options of RFC 2347, 2348, 2349 and 7440. */

export interface TftpOption {
  /** Lower case: option names are case-insensitive, and ROMs shout. */
  readonly name: string;
  readonly value: string;
}

export interface TftpRequest {
  readonly kind: 'read' | 'write';
  /** As sent. Not yet a path: `../`, back-slashes and escape sequences may be in it. */
  readonly file: string;
  /** Lower case. */
  readonly mode: string;
  readonly options: readonly TftpOption[];
}

export type TftpMessage =
  | TftpRequest
  | { readonly kind: 'data'; readonly block: number; readonly data: Uint8Array }
  | { readonly kind: 'ack'; readonly block: number }
  | { readonly kind: 'error'; readonly code: number; readonly message: string }
  | { readonly kind: 'oack'; readonly options: readonly TftpOption[] };

/** RFC 1350 appendix and RFC 2347. */
export const TFTP_ERROR = {
  undefined: 0,
  notFound: 1,
  accessViolation: 2,
  diskFull: 3,
  illegalOperation: 4,
  unknownTransfer: 5,
  fileExists: 6,
  noSuchUser: 7,
  optionRefused: 8,
} as const;

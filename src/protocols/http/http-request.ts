/** The head of an HTTP/1.x request (RFC 9112), after every check. */
export interface HttpRequest {
  /** Upper-case token. Which methods are served is the server's matter. */
  readonly method: string;
  /** Decoded once, without empty, `.` and `..` segments, without control characters and back-slashes. Starts with `/`. */
  readonly path: string;
  readonly segments: readonly string[];
  /** Decoded; the first of two equal names counts. Values are as hostile as any text from the network. */
  readonly query: ReadonlyMap<string, string>;
  /** Names in lower case; several of one name are joined by `, `. */
  readonly headers: ReadonlyMap<string, string>;
  readonly version: '1.0' | '1.1';
  readonly keepAlive: boolean;
  /** Bytes of body that follow. */
  readonly contentLength: number;
}

/** What to answer, and to close the connection after: where the next request starts is not sure any more. */
export interface HttpRefusal {
  readonly status: 400 | 413 | 414 | 431 | 501 | 505;
  readonly reason: string;
}

/** A URL of iPXE with every identity variable in it has 700 bytes. */
export const MAX_TARGET_BYTES = 8192;
export const MAX_HEAD_BYTES = 16_384;
export const MAX_HEADERS = 64;

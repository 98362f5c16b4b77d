const REASONS: Readonly<Record<number, string>> = {
  100: 'Continue',
  200: 'OK',
  204: 'No Content',
  206: 'Partial Content',
  301: 'Moved Permanently',
  302: 'Found',
  304: 'Not Modified',
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  408: 'Request Timeout',
  409: 'Conflict',
  411: 'Length Required',
  413: 'Content Too Large',
  414: 'URI Too Long',
  416: 'Range Not Satisfiable',
  421: 'Misdirected Request',
  429: 'Too Many Requests',
  431: 'Request Header Fields Too Large',
  500: 'Internal Server Error',
  501: 'Not Implemented',
  503: 'Service Unavailable',
  505: 'HTTP Version Not Supported',
};

export interface HttpHead {
  readonly status: number;
  /** Bytes of the body, also for HEAD: UEFI HTTP boot sizes its buffer by it, and no client here takes chunks. */
  readonly contentLength: number;
  readonly keepAlive: boolean;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A line break in a value would start a header of the sender's choice. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is replaced
const harmless = (text: string) => text.replace(/[\u0000-\u001f\u007f]+/g, ' ');

const OURS = new Set(['content-length', 'transfer-encoding', 'connection']);

/** Always with Content-Length, never chunked. A header that would contradict these three is left out. */
export function renderHttpHead(head: HttpHead): string {
  const { status, contentLength, keepAlive, headers = {} } = head;
  let text = `HTTP/1.1 ${status} ${REASONS[status] ?? 'Unknown'}\r\n`;
  for (const [name, value] of Object.entries(headers)) {
    if (!OURS.has(name.toLowerCase()) && /^[\w-]+$/.test(name)) text += `${name}: ${harmless(value)}\r\n`;
  }
  // RFC 9110 8.6: these two must not have it.
  if (status >= 200 && status !== 204) text += `Content-Length: ${contentLength}\r\n`;
  return `${text}Connection: ${keepAlive ? 'keep-alive' : 'close'}\r\n\r\n`;
}

const TYPES: ReadonlyMap<string, string> = new Map([
  ['efi', 'application/efi'],
  // UEFI 2.10, 24.7.2: by these types HTTP boot knows a RAM disk.
  ['iso', 'application/vnd.efi-iso'],
  ['img', 'application/vnd.efi-img'],
  ['ipxe', 'text/plain; charset=utf-8'],
  ['txt', 'text/plain; charset=utf-8'],
  ['yaml', 'application/yaml'],
  ['json', 'application/json'],
]);

export function contentTypeOf(fileName: string): string {
  const ending = /\.([a-z0-9]+)$/i.exec(fileName)?.[1]?.toLowerCase() ?? '';
  return TYPES.get(ending) ?? 'application/octet-stream';
}

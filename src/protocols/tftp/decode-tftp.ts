import { cleanText } from '../../core/clean-text.ts';
import { fail, ok, type Result } from '../../core/result.ts';
import type { TftpMessage, TftpOption } from './tftp-message.ts';

/** RFC 2347 allows 512; names in iPXE chains were seen longer. More than a frame is no boot file name. */
const MAX_REQUEST_BYTES = 1500;
const MAX_OPTIONS = 32;

/** NUL-terminated texts from `start`. What follows the last NUL is left out: it was never finished. */
function readTexts(bytes: Buffer, start: number): readonly string[] {
  const texts: string[] = [];
  let at = start;
  for (let end = bytes.indexOf(0, at); end >= 0; end = bytes.indexOf(0, at)) {
    texts.push(bytes.toString('latin1', at, end));
    at = end + 1;
  }
  return texts;
}

/** The first of two options with one name counts. Empty names are padding that some ROMs append. */
function readOptions(texts: readonly string[]): readonly TftpOption[] {
  const options: TftpOption[] = [];
  for (let i = 0; i + 1 < texts.length && options.length < MAX_OPTIONS; i += 2) {
    const name = (texts[i] ?? '').toLowerCase();
    if (name !== '' && options.every((one) => one.name !== name)) options.push({ name, value: texts[i + 1] ?? '' });
  }
  return options;
}

function decodeRequest(bytes: Buffer, kind: 'read' | 'write'): Result<TftpMessage> {
  if (bytes.length > MAX_REQUEST_BYTES) return fail(`a request of ${bytes.length} bytes is too long`);
  const [file, mode, ...rest] = readTexts(bytes, 2);
  if (file === undefined || mode === undefined) return fail('the request lacks a file name or a mode');
  if (file === '') return fail('the request has an empty file name');
  return ok({ kind, file, mode: mode.toLowerCase(), options: readOptions(rest) });
}

export function decodeTftp(input: Uint8Array): Result<TftpMessage> {
  const bytes = Buffer.isBuffer(input) ? input : Buffer.from(input.buffer, input.byteOffset, input.length);
  if (bytes.length < 4) return fail(`${bytes.length} bytes are too few for TFTP`);
  const opcode = bytes.readUInt16BE(0);
  switch (opcode) {
    case 1:
      return decodeRequest(bytes, 'read');
    case 2:
      return decodeRequest(bytes, 'write');
    case 3:
      return ok({ kind: 'data', block: bytes.readUInt16BE(2), data: bytes.subarray(4) });
    case 4:
      return ok({ kind: 'ack', block: bytes.readUInt16BE(2) });
    case 5: {
      const end = bytes.indexOf(0, 4);
      const message = cleanText(bytes.toString('latin1', 4, Math.min(end < 0 ? bytes.length : end, 1024)));
      return ok({ kind: 'error', code: bytes.readUInt16BE(2), message });
    }
    case 6:
      if (bytes.length > MAX_REQUEST_BYTES) return fail(`an option reply of ${bytes.length} bytes is too long`);
      return ok({ kind: 'oack', options: readOptions(readTexts(bytes, 2)) });
    default:
      return fail(`${opcode} is no TFTP operation`);
  }
}

import { createHash } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { get } from 'node:http';
import { cleanText } from '../core/clean-text.ts';
import { fail, ok, type Result } from '../core/result.ts';
import { decodeTftp } from '../protocols/tftp/decode-tftp.ts';
import { encodeTftp } from '../protocols/tftp/encode-tftp.ts';

/** A file as a machine would fetch it, as far as doctor wants to know: how much came, and its hash. */
export interface FetchedFile {
  readonly sizeBytes: number;
  readonly sha256: string;
}

/** `absent`: there is no such name. `refused`: it would come at another time, and `why` is the server's own. */
export interface FetchProblem {
  readonly is: 'absent' | 'refused' | 'broken';
  readonly why: string;
}

export interface FetchFrom {
  readonly address: string;
  readonly port: number;
  readonly name: string;
  readonly timeoutMs: number;
}

const BLOCK_BYTES = 1408;
const RESEND_MS = 400;
/** RFC 1350, error codes. */
const NOT_FOUND = 1;

const broken = (why: string): Result<never, FetchProblem> => fail({ is: 'broken', why });
const refusalOf = (isAbsent: boolean, why: string): Result<never, FetchProblem> =>
  fail({ is: isAbsent ? 'absent' : 'refused', why });

/** RFC 1350 with blksize (RFC 2348), block after block. */
export function fetchOverTftp(from: FetchFrom): Promise<Result<FetchedFile, FetchProblem>> {
  const socket = createSocket('udp4');
  const hash = createHash('sha256');
  let peer: number | undefined;
  let blockBytes = 512;
  let expected = 1;
  let sizeBytes = 0;
  let last = encodeTftp({
    kind: 'read',
    file: from.name,
    mode: 'octet',
    options: [{ name: 'blksize', value: String(BLOCK_BYTES) }],
  });
  return new Promise((resolve) => {
    const end = (result: Result<FetchedFile, FetchProblem>) => {
      clearInterval(again);
      clearTimeout(late);
      // What was sent last is the ACK of the last block.
      setImmediate(() => socket.close());
      resolve(result);
    };
    const send = (bytes: Buffer) => {
      last = bytes;
      socket.send(bytes, peer ?? from.port, from.address, () => undefined);
    };
    const again = setInterval(() => send(last), RESEND_MS);
    const late = setTimeout(() => end(broken(`no answer within ${from.timeoutMs / 1000} s`)), from.timeoutMs);
    socket.on('error', (error) => end(broken(error.message)));
    socket.on('message', (bytes, sender) => {
      const message = decodeTftp(bytes);
      if (!message.ok || (peer !== undefined && peer !== sender.port)) return;
      peer = sender.port;
      const { value } = message;
      if (value.kind === 'error')
        return end(refusalOf(value.code === NOT_FOUND, `error ${value.code}: ${value.message}`));
      if (value.kind === 'oack' && expected === 1) {
        blockBytes = Number(value.options.find((option) => option.name === 'blksize')?.value ?? 512);
        return send(encodeTftp({ kind: 'ack', block: 0 }));
      }
      if (value.kind !== 'data' || value.block !== (expected & 0xffff)) return;
      expected += 1;
      hash.update(value.data);
      sizeBytes += value.data.length;
      send(encodeTftp({ kind: 'ack', block: value.block }));
      if (value.data.length < blockBytes) end(ok({ sizeBytes, sha256: hash.digest('hex') }));
    });
    send(last);
  });
}

export function fetchOverHttp(from: FetchFrom): Promise<Result<FetchedFile, FetchProblem>> {
  return new Promise((resolve) => {
    const asking = get(
      { host: from.address, port: from.port, path: from.name, timeout: from.timeoutMs, agent: false },
      (response) => {
        const hash = createHash('sha256');
        let sizeBytes = 0;
        let first = '';
        response.on('data', (part: Buffer) => {
          hash.update(part);
          sizeBytes += part.length;
          if (response.statusCode !== 200 && first === '') first = cleanText(part.toString(), 200);
        });
        response.on('error', (error) => resolve(broken(error.message)));
        response.on('end', () => {
          if (response.statusCode !== 200)
            resolve(refusalOf(response.statusCode === 404, `status ${response.statusCode}${first && `: ${first}`}`));
          else resolve(ok({ sizeBytes, sha256: hash.digest('hex') }));
        });
      },
    );
    asking.on('timeout', () => asking.destroy(new Error(`no answer within ${from.timeoutMs / 1000} s`)));
    asking.on('error', (error) => resolve(broken(error.message)));
  });
}

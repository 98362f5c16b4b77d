import { unreachable } from '../../core/result.ts';
import type { TftpMessage, TftpOption } from './tftp-message.ts';

/** A NUL inside would end the field early and make an option of the rest. */
function field(text: string): string {
  return `${text.replaceAll('\0', '')}\0`;
}

function fields(opcode: number, texts: readonly string[]): Buffer {
  return Buffer.from(`\0${String.fromCharCode(opcode)}${texts.map(field).join('')}`, 'latin1');
}

const optionTexts = (options: readonly TftpOption[]) => options.flatMap(({ name, value }) => [name, value]);

function numbered(opcode: number, number: number, tail: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafe(4 + tail.length);
  bytes.writeUInt16BE(opcode, 0);
  bytes.writeUInt16BE(number & 0xffff, 2);
  bytes.set(tail, 4);
  return bytes;
}

export function encodeTftp(message: TftpMessage): Buffer {
  switch (message.kind) {
    case 'read':
    case 'write':
      return fields(message.kind === 'read' ? 1 : 2, [message.file, message.mode, ...optionTexts(message.options)]);
    case 'data':
      return numbered(3, message.block, message.data);
    case 'ack':
      return numbered(4, message.block, new Uint8Array(0));
    case 'error':
      return numbered(5, message.code, Buffer.from(field(message.message), 'latin1'));
    case 'oack':
      return fields(6, optionTexts(message.options));
    default:
      return unreachable(message);
  }
}

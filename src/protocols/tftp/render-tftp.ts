import { cleanText } from '../../core/clean-text.ts';
import { unreachable } from '../../core/result.ts';
import type { TftpMessage, TftpOption } from './tftp-message.ts';

export function renderTftpError(error: { readonly code: number; readonly message: string }): string {
  const text = cleanText(error.message);
  return text === '' ? `error ${error.code}` : `error ${error.code} "${text}"`;
}

const renderOptions = (options: readonly TftpOption[]) =>
  options.map(({ name, value }) => ` ${cleanText(name, 40)}=${cleanText(value, 40)}`).join('');

/** One line of clean text. */
export function renderTftp(message: TftpMessage): string {
  switch (message.kind) {
    case 'read':
    case 'write':
      return `${message.kind} "${cleanText(message.file)}" ${cleanText(message.mode, 20)}${renderOptions(message.options)}`;
    case 'data':
      return `data ${message.block} (${message.data.length} bytes)`;
    case 'ack':
      return `ack ${message.block}`;
    case 'error':
      return renderTftpError(message);
    case 'oack':
      return `oack${renderOptions(message.options)}`;
    default:
      return unreachable(message);
  }
}

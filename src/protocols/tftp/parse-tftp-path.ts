import { fail, ok, type Result } from '../../core/result.ts';

const MAX_SEGMENTS = 16;

/**
 * The file that a request names, as segments below the root. A leading `/` is the root, back-slashes are separators (ROMs
 * that were made for Windows servers send them), and a `%` is a `%`: TFTP knows no encoding. NUL never gets here.
 */
export function parseTftpPath(file: string): Result<readonly string[]> {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused
  if (/[\u0000-\u001f\u007f-\u009f]/.test(file)) return fail('the name holds a control character');
  const segments = file.split(/[/\\]/).filter((part) => part !== '' && part !== '.');
  if (segments.includes('..')) return fail('the name leads out of the root');
  if (segments.length === 0) return fail('the name is empty');
  if (segments.length > MAX_SEGMENTS) return fail(`the name has more than ${MAX_SEGMENTS} parts`);
  return ok(segments);
}

import type { LogLine } from '../core/ports.ts';

/** Lines of the service's log on their way to the main thread: as text, and many in one message. */
export interface LogBatch {
  readonly add: (line: LogLine) => void;
  readonly flush: () => void;
}

/** Short enough that nobody who reads along notices, long enough that a rack that starts is a few dozen messages. */
const EVERY_MS = 50;
const MOST_CHARS = 64 * 1024;

export function createLogBatch(send: (text: string) => void, everyMs = EVERY_MS): LogBatch {
  let text = '';
  let stamp = { at: Number.NaN, text: '' };
  let timer: NodeJS.Timeout | undefined;
  const flush = (): void => {
    clearTimeout(timer);
    timer = undefined;
    if (text === '') return;
    const now = text;
    text = '';
    send(now);
  };
  return {
    flush,
    add: (line) => {
      if (line.at !== stamp.at) stamp = { at: line.at, text: new Date(line.at).toISOString() };
      text += renderLogLine(line, stamp.text);
      // What went wrong may be the last that this thread says.
      if (line.level === 'error' || line.level === 'warn' || text.length > MOST_CHARS) flush();
      else timer ??= setTimeout(flush, everyMs);
    },
  };
}

/** One JSON object and the end of its line. By hand: a rack that starts writes tens of thousands, and nearly all are plain. */
function renderLogLine({ node, source, level, text }: LogLine, at: string): string {
  return `{"at":"${at}","node":${quoted(node)},"source":"${source}","level":"${level}","text":${quoted(text)}}\n`;
}

const quoted = (text: string): string => (PLAIN.test(text) ? `"${text}"` : JSON.stringify(text));

/** Printable ASCII without quote and backslash. */
const PLAIN = /^[ !#-[\]-~]*$/;

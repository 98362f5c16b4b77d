import { decodeKeys, FRESH_DECODER, flushKeys } from './decode-keys.ts';
import type { Key } from './key.ts';

/** Over SSH the bytes of an arrow key may come in two packets; a lone Esc is certain only after this wait. */
export const ESC_WAIT_MS = 40;

export interface KeySource {
  /** Stops listening and gives the bytes to whoever comes next (an editor, a pager). */
  pause(): void;
  resume(): void;
}

interface Input {
  on(event: 'data', listener: (chunk: string | Buffer) => void): unknown;
  off(event: 'data', listener: (chunk: string | Buffer) => void): unknown;
}

/** Keys of a terminal's input. It listens beside Ink, which keeps raw mode and reads the stream. */
export function createKeySource(input: Input, onKeys: (keys: readonly Key[]) => void): KeySource {
  let decoder = FRESH_DECODER;
  let timer: NodeJS.Timeout | undefined;
  const emit = (keys: readonly Key[]) => {
    if (keys.length > 0) onKeys(keys);
  };
  const listen = (chunk: string | Buffer) => {
    clearTimeout(timer);
    const step = decodeKeys(decoder, typeof chunk === 'string' ? chunk : chunk.toString('utf8'));
    decoder = step.decoder;
    emit(step.keys);
    if (decoder.pending === '') return;
    timer = setTimeout(() => {
      const last = flushKeys(decoder);
      decoder = last.decoder;
      emit(last.keys);
    }, ESC_WAIT_MS);
  };
  return {
    pause: () => {
      clearTimeout(timer);
      decoder = FRESH_DECODER;
      input.off('data', listen);
    },
    resume: () => {
      input.off('data', listen);
      input.on('data', listen);
    },
  };
}

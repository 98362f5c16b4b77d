import { useApp, usePaste, useStdin } from 'ink';
import { useEffect } from 'react';

/** What only Ink can do with the terminal, handed out of the tree once it stands. */
export interface InkControls {
  readonly suspend: (run: () => Promise<void>) => Promise<void>;
  readonly exit: () => void;
  readonly input: NodeJS.ReadableStream;
}

/**
 * The one place that takes input. Ink keeps raw mode, bracketed paste and the reading of the stream; the bytes go to our
 * own key layer, and no component has a handler of its own.
 */
export function TerminalLink({ onReady }: { readonly onReady: (controls: InkControls) => void }) {
  const { suspendTerminal, exit } = useApp();
  const { stdin } = useStdin();
  usePaste(ignorePaste);
  useEffect(() => {
    onReady({ suspend: (run) => suspendTerminal(run), exit: () => exit(), input: stdin });
  }, [onReady, suspendTerminal, exit, stdin]);
  return null;
}

/** Pastes come by the key layer too; this only switches the brackets on. */
const ignorePaste = (): void => undefined;

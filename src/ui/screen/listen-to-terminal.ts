/** Ink paints once with the old width before our redraw; the storm of a dragged window is one redraw. */
export const RESIZE_WAIT_MS = 40;

const END_SIGNALS = ['SIGTERM', 'SIGINT', 'SIGQUIT'] as const;

interface TerminalEvents {
  readonly resized: () => void;
  readonly hangup: () => void;
  readonly signalled: (signal: NodeJS.Signals) => void;
  readonly exiting: () => void;
}

/** Resize, hang-up (SSH drop), and the last moment before the process ends for whatever reason. */
export function listenToTerminal(stdout: NodeJS.WriteStream, stdin: NodeJS.ReadStream, on: TerminalEvents): () => void {
  let timer: NodeJS.Timeout | undefined;
  const resized = () => {
    clearTimeout(timer);
    timer = setTimeout(on.resized, RESIZE_WAIT_MS);
  };
  // A terminal that is gone answers with EIO; without a listener that would end the whole process.
  const broken = () => on.hangup();
  stdout.on('resize', resized);
  stdout.on('error', broken);
  stdin.on('error', broken);
  stdin.on('end', broken);
  process.on('SIGHUP', on.hangup);
  // A signal ends a process without its exit event: the terminal would keep what we changed.
  for (const signal of END_SIGNALS) process.on(signal, on.signalled);
  process.on('exit', on.exiting);
  return () => {
    clearTimeout(timer);
    stdout.off('resize', resized);
    stdin.off('end', broken);
    process.off('SIGHUP', on.hangup);
    for (const signal of END_SIGNALS) process.off(signal, on.signalled);
    process.off('exit', on.exiting);
  };
}

/** What is done now and then. */
export interface SafeLook {
  /** Never rejects, and never overlaps: who comes while one is under way waits for that one. */
  readonly look: () => Promise<void>;
  /** Over when none is under way. */
  readonly ended: () => Promise<void>;
}

/**
 * A look that fails (no file can be opened now) is made again the next time: its end must not be that of the program. It is
 * told when it begins to fail, and when it works again.
 */
export function createSafeLook(
  what: string,
  work: () => Promise<void> | void,
  tell: (level: 'warn' | 'info', text: string) => void,
): SafeLook {
  let failure: string | undefined;
  let running: Promise<void> | undefined;
  const once = async (): Promise<void> => {
    try {
      await work();
      if (failure !== undefined) tell('info', `${what} works again`);
      failure = undefined;
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      if (why !== failure) tell('warn', `${what} failed, and is tried again: ${why}`);
      failure = why;
    }
  };
  return {
    look: () => {
      running ??= once().finally(() => {
        running = undefined;
      });
      return running;
    },
    ended: async () => running,
  };
}

/** Work of which two at once would each leave something behind. */
export interface InTurn<T> {
  /** What ends with the last wish: who comes while one is under way gets one more behind it, the same for all who come meanwhile. */
  readonly ask: () => Promise<T>;
  /** Over when none is under way, and none waits. */
  readonly ended: () => Promise<void>;
}

export function inTurn<T>(work: () => Promise<T>): InTurn<T> {
  let last: Promise<unknown> = Promise.resolve();
  let next: Promise<T> | undefined;
  const begin = (): Promise<T> => {
    next = undefined;
    return work();
  };
  return {
    ask: () => {
      if (next !== undefined) return next;
      next = last.then(begin);
      last = next.catch(() => undefined);
      return next;
    },
    ended: async () => {
      while (next !== undefined) await last;
      await last;
    },
  };
}

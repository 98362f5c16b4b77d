/** Lets the loop turn: who waits meanwhile is answered before this goes on. */
export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

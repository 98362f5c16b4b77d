/** Lets the loop turn: what came by the wire is answered before this goes on. */
export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/**
 * Turns of the loop for heavy work, each for one piece alone: eight operators who look at two hundred machines each have
 * thirty pieces ready in the same moment, and in one turn together they kept every machine waiting.
 */
export function createTurns(): () => Promise<void> {
  let last = Promise.resolve();
  return () => {
    last = last.then(turn);
    return last;
  };
}

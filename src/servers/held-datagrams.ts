/** More than a storm sends in a second; who is left out asks again. */
const MOST = 4_000;

/** What comes to a port before it is known which addresses can be given is answered when that is known. */
export interface HeldDatagrams {
  readonly take: (bytes: Buffer, sender: string, from: number, receive: Receive) => void;
  /** All that waits is received now, in turn, and all that comes from now on at once. */
  readonly open: () => void;
}

type Receive = (bytes: Buffer, sender: string, from: number) => void;

export function createHeldDatagrams(): HeldDatagrams {
  let waiting: (() => void)[] | undefined = [];
  return {
    take: (bytes, sender, from, receive) => {
      if (waiting === undefined) return receive(bytes, sender, from);
      if (waiting.length >= MOST) return;
      // Whoever reads it may write the next one over it.
      const kept = Buffer.from(bytes);
      waiting.push(() => receive(kept, sender, from));
    },
    open: () => {
      const all = waiting ?? [];
      waiting = undefined;
      for (const one of all) one();
    },
  };
}

/** More than a storm sends in a second; who is left out asks again. */
const MOST = 4_000;
/** In one turn of the loop: what comes meanwhile is heard, and answers go out. */
const AT_ONCE = 64;

/** What comes to a port before it is known which addresses can be given is answered when that is known. */
export interface HeldDatagrams {
  readonly take: (bytes: Buffer, sender: string, from: number, receive: Receive) => void;
  /** All that waits is received from now on, in its order, and then all that comes at once. */
  readonly open: () => void;
}

type Receive = (bytes: Buffer, sender: string, from: number) => void;

/** `isOver`: nobody is there any more to receive it. */
export function createHeldDatagrams(isOver: () => boolean): HeldDatagrams {
  let waiting: (() => void)[] | undefined = [];
  const work = (): void => {
    if (waiting === undefined || isOver()) return;
    for (const one of waiting.splice(0, AT_ONCE)) one();
    if (waiting.length === 0) waiting = undefined;
    else setImmediate(work);
  };
  return {
    take: (bytes, sender, from, receive) => {
      if (waiting === undefined) return receive(bytes, sender, from);
      if (waiting.length >= MOST) return;
      // Whoever reads it may write the next one over it.
      const kept = Buffer.from(bytes);
      waiting.push(() => receive(kept, sender, from));
    },
    open: work,
  };
}

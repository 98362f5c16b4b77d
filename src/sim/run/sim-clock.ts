/** Simulated time: that of real hardware divided by `speed`. All machines share one native timer. */
export interface SimClock {
  readonly speed: number;
  /** Simulated milliseconds since the clock was made. */
  now(): number;
  /** Calls back after so many simulated milliseconds; what is returned takes that back. */
  after(simMs: number, then: () => void): () => void;
  /** How many callbacks wait. */
  waiting(): number;
  stop(): void;
}

interface Slot {
  readonly at: number;
  readonly calls: Set<() => void>;
}

/** Real milliseconds: callbacks that are closer together than this run together. */
const SLOT_MS = 4;

/** A heap of slots by time. Two thousand machines wait in a few hundred slots, and idle ones cost nothing at all. */
export function createSimClock(speed: number): SimClock {
  const startMs = performance.now();
  const slots = new Map<number, Slot>();
  const heap: Slot[] = [];
  let timer: NodeJS.Timeout | undefined;
  let armedFor = Number.POSITIVE_INFINITY;
  let waiting = 0;
  let stopped = false;

  const arm = (): void => {
    const first = heap[0];
    if (first === undefined || first.at === armedFor) return;
    clearTimeout(timer);
    armedFor = first.at;
    timer = setTimeout(fire, Math.max(0, first.at * SLOT_MS - (performance.now() - startMs)));
    // A crowd of machines must not keep a process alive by itself.
    timer.unref();
  };

  const fire = (): void => {
    armedFor = Number.POSITIVE_INFINITY;
    const now = performance.now() - startMs;
    for (let first = heap[0]; first !== undefined && first.at * SLOT_MS <= now; first = heap[0]) {
      popSlot(heap);
      slots.delete(first.at);
      waiting -= first.calls.size;
      for (const call of first.calls) if (!stopped) call();
    }
    if (!stopped) arm();
  };

  return {
    speed,
    now: () => (performance.now() - startMs) * speed,
    after(simMs, then) {
      if (stopped) return () => undefined;
      const at = Math.ceil((performance.now() - startMs + Math.max(0, simMs) / speed) / SLOT_MS);
      let slot = slots.get(at);
      if (slot === undefined) {
        slot = { at, calls: new Set() };
        slots.set(at, slot);
        pushSlot(heap, slot);
      }
      const { calls } = slot;
      // A wrapper of its own: the same function may be due twice.
      const call = () => then();
      calls.add(call);
      waiting += 1;
      arm();
      return () => {
        if (calls.delete(call) && slots.get(at)?.calls === calls) waiting -= 1;
      };
    },
    waiting: () => waiting,
    stop() {
      stopped = true;
      clearTimeout(timer);
      slots.clear();
      heap.length = 0;
      waiting = 0;
    },
  };
}

function swap(heap: Slot[], a: number, b: number): void {
  const [left, right] = [heap[a], heap[b]];
  if (left === undefined || right === undefined) return;
  heap[a] = right;
  heap[b] = left;
}

const atOf = (heap: readonly Slot[], index: number): number => heap[index]?.at ?? Number.POSITIVE_INFINITY;

function pushSlot(heap: Slot[], slot: Slot): void {
  heap.push(slot);
  for (let i = heap.length - 1; i > 0; ) {
    const parent = (i - 1) >> 1;
    if (atOf(heap, parent) <= atOf(heap, i)) return;
    swap(heap, i, parent);
    i = parent;
  }
}

function popSlot(heap: Slot[]): void {
  swap(heap, 0, heap.length - 1);
  heap.pop();
  for (let i = 0; ; ) {
    const left = 2 * i + 1;
    const smaller = atOf(heap, left + 1) < atOf(heap, left) ? left + 1 : left;
    if (atOf(heap, smaller) >= atOf(heap, i)) return;
    swap(heap, i, smaller);
    i = smaller;
  }
}

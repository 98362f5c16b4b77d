import { readlinkSync } from 'node:fs';
import { constants, getPriority, setPriority } from 'node:os';

/** Steps of `nice` between the engine and whoever sends: when cores are short, its answers go before another megabyte. */
const STEPS = 10;
/** Blocks that ended are followed by others: a machine asks for a size first, and its neighbour for the same loader. */
const BLOCKS_OVER_MS = 1000;

/**
 * Of this thread alone, which Linux allows without a privilege. Behind what the program was started with: of one that steps
 * back itself, `nice` and all, its images must not go before its answers; and an engine that went first takes nobody with
 * it. False: everything takes turns as before.
 */
export const yieldToEngine = (): boolean => change(behindProgram);

/** Where a thread that sends stands. It says whether it has blocks to send one by one, by TFTP. */
export interface SenderPlace {
  readonly blocks: (running: boolean) => void;
}

/**
 * Where the engine went first, this thread need not stand behind other programs to stand behind it, and comes forward to
 * them for images by HTTP: ten steps further back it got 0.8 of what nginx got beside the same clients, and 1.05 there
 * (Reno, two threads). Not while it sends blocks by TFTP: each packet wakes it, and it preempts its clients each time, which
 * costs a tenth of lockstep and more; and where machines load by TFTP others ask by DHCP, and waited half as long again and
 * up to twice and a half for an offer (median, storms of 1,000, threads always level). Who may not come forward again stays
 * behind.
 */
export function standBehindEngine(): SenderPlace {
  const thread = threadHere();
  const begun = placeOf(thread);
  let isBack = false;
  let later: NodeJS.Timeout | undefined;
  const comeForward = (): void => {
    isBack = !put(thread, begun + STEPS);
  };
  comeForward();
  return {
    blocks: (running) => {
      clearTimeout(later);
      if (!running) later = setTimeout(comeForward, BLOCKS_OVER_MS);
      else if (!isBack) isBack = put(thread, behindProgram(begun));
    },
  };
}

/**
 * Of this thread alone, and of those that it begins and that do not step back: before other programs of this computer, because a machine asks once and
 * then waits for seconds. Linux allows it to root, and to whom RLIMIT_NICE gives it. False: it takes its turn like others.
 */
export const goFirst = (): boolean => change((own) => own - STEPS);

const behindProgram = (own: number): number => Math.max(own, placeOf(process.pid)) + STEPS;

function change(wanted: (own: number) => number): boolean {
  const thread = threadHere();
  return put(thread, wanted(placeOf(thread)));
}

/** "PID/task/TID" of the thread that asks; never the first one of the program, whose place is that of the program. */
function threadHere(): number | undefined {
  try {
    const thread = Number(readlinkSync('/proc/thread-self').split('/').at(-1));
    return Number.isInteger(thread) && thread !== process.pid ? thread : undefined;
  } catch {
    return undefined;
  }
}

function placeOf(thread: number | undefined): number {
  try {
    return thread === undefined ? 0 : getPriority(thread);
  } catch {
    return 0;
  }
}

function put(thread: number | undefined, place: number): boolean {
  const { PRIORITY_HIGHEST, PRIORITY_LOW } = constants.priority;
  try {
    if (thread === undefined) return false;
    setPriority(thread, Math.min(PRIORITY_LOW, Math.max(PRIORITY_HIGHEST, place)));
    return true;
  } catch {
    return false;
  }
}

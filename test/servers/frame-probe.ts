import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { createFrameSocket } from '../../src/servers/frame-socket.ts';
import { indexOf } from '../../src/servers/interface-socket.ts';
import { loadLibc } from '../../src/servers/libc.ts';
import { bindUdp, closeUdp, createUdp } from '../../src/servers/udp-socket.ts';
import { type FrameProbe, type FrameTold, type ReplyTurn, replyOf } from './frame-replies.ts';

/** Run in a namespace with a `FrameProbe` as its argument: a frame socket on an interface there; tells `FrameTold`. */

const { iface, address, rounds = 0, steps }: FrameProbe = JSON.parse(process.argv[2] ?? '');
const libc = loadLibc();
if (libc === undefined) throw new Error('the package koffi is not installed');
const BROADCAST = '255.255.255.255';
let frames = 0;
let byNode = 0;
const counted = {
  ...libc,
  sendmmsg: (...args: Parameters<typeof libc.sendmmsg>) => {
    const sent = libc.sendmmsg(...args);
    frames += Math.max(0, sent);
    return sent;
  },
};

async function open() {
  const socket = createUdp('udp4', true);
  await bindUdp(socket, 67, address);
  socket.setBroadcast(true);
  const send = socket.send.bind(socket) as (...args: readonly unknown[]) => void;
  Reflect.set(socket, 'send', (...args: readonly unknown[]) => {
    byNode += 1;
    send(...args);
  });
  return { socket, reply: createFrameSocket(counted, { iface, index: indexOf(iface) ?? 0, socket }) };
}

const countOpen = (): number => readdirSync('/proc/self/fd').length;

// The first socket of a process opens files that stay.
const first = await open();
await closeUdp(first.socket);
const before = countOpen();
for (let round = 0; round < rounds; round += 1) {
  const { socket, reply } = await open();
  reply?.send(replyOf(0, 300), 0, 300, 68, BROADCAST, () => undefined);
  reply?.flush?.();
  await closeUdp(socket);
}

const { socket, reply } = await open();
const turns: FrameTold['turns'][number][] = [];
for (const step of steps) {
  if ('run' in step) {
    const [command = '', ...args] = step.run;
    const done = spawnSync(command, args, { encoding: 'utf8' });
    if (done.status !== 0) throw new Error(`${step.run.join(' ')}: ${done.stderr}`);
  } else if ('send' in step) await sendTurn(step.send, async () => undefined);
  else await sendTurn(step.closeBeforeFlush, () => closeUdp(socket));
}
await closeUdp(socket);
const told: FrameTold = { made: reply !== undefined, turns, descriptors: [before, countOpen()] };
process.stdout.write(`${JSON.stringify(told)}\n`, () => process.exit(0));

async function sendTurn({ count, sizeBytes, first }: ReplyTurn, beforeFlush: () => Promise<void>): Promise<void> {
  frames = 0;
  byNode = 0;
  let sent = 0;
  const errors: string[] = [];
  // A reply lies in a buffer that is larger, and is used again as soon as it is sent.
  const buffer = Buffer.alloc(4096);
  const dones = Array.from({ length: count }, (_, at) => {
    buffer.set(replyOf(first + at, sizeBytes), 9);
    return new Promise<void>((resolve) => {
      reply?.send(buffer.subarray(0), 9, sizeBytes, 68, BROADCAST, (error, sentBytes) => {
        if (error === null && sentBytes === sizeBytes) sent += 1;
        else if (error === null) errors.push(`${sentBytes} of ${sizeBytes} bytes`);
        else errors.push('code' in error ? String(error.code) : error.message);
        resolve();
      });
    });
  });
  await beforeFlush();
  reply?.flush?.();
  if (reply !== undefined) await Promise.all(dones);
  turns.push({ frames, byNode, sent, errors });
}

import { ok } from '../../src/core/result.ts';
import { createBatchedSockets } from '../../src/servers/batched-sockets.ts';
import { loadLibc } from '../../src/servers/libc.ts';
import { createTftpRunner, type TftpOrder, type TftpReports } from '../../src/servers/tftp-runner.ts';
import { createDgramSockets } from '../../src/servers/transfer-socket.ts';
import { bindUdp, createUdp } from '../../src/servers/udp-socket.ts';

/** Runs where there is no route but to this host: a machine without one asks while another is being served. */

const HOME = '127.0.0.1';
const FILE = { path: '/loader', sha256: 'a'.repeat(64), sizeBytes: 4000 };
const whole = Buffer.alloc(FILE.sizeBytes, 7);
const files = {
  open: async () => ok({ whole, sizeBytes: whole.length, etag: '', read: () => whole }),
};
const windowed = process.argv[3] === 'windowed';
const options = windowed ? [{ name: 'windowsize', value: '4' }] : [];

const batched = process.argv[2] === 'node' ? undefined : await createBatchedSockets(loadLibc());
if (process.argv[2] !== 'node' && batched === undefined) throw new Error('no sockets past Node');
const runner = createTftpRunner(files, batched ?? createDgramSockets(undefined));

function run(address: string, port: number): Promise<string> {
  const order: TftpOrder = {
    local: HOME,
    peer: { address, port },
    request: { kind: 'read', file: 'loader', mode: 'octet', options },
    file: FILE,
  };
  return new Promise((resolve) => {
    const nothing = () => undefined;
    const reports: TftpReports = {
      began: nothing,
      moved: nothing,
      blockLost: nothing,
      unheard: nothing,
      seen: nothing,
      refused: (_code, message) => resolve(message),
      ended: ({ is, reason }) => resolve(is === 'done' ? 'done' : reason),
    };
    runner.start(order, reports);
  });
}

const machine = createUdp('udp4');
await bindUdp(machine, 0, HOME);
let isPaused = true;
const held: (() => void)[] = [];
machine.on('message', (bytes, from) => {
  const kind = bytes.readUInt16BE(0);
  const block = kind === 6 ? 0 : bytes.readUInt16BE(2);
  const ack = () => machine.send(Buffer.from([0, 4, block >> 8, block & 255]), from.port, HOME);
  if (isPaused) held.push(ack);
  else ack();
});
const served = run(HOME, machine.address().port);
const told = await run('192.0.2.9', 44_583);
isPaused = false;
for (const ack of held) ack();
process.stdout.write(`${JSON.stringify([told, await served])}\n`);
process.exit(0);

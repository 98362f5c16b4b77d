import { createSocket } from 'node:dgram';
import { normaliseMac } from '../core/identity.ts';
import { fail, ok, type Result } from '../core/result.ts';

/** Six 0xff, then the MAC sixteen times. */
export function encodeMagicPacket(mac: string): Result<Uint8Array> {
  const spelled = normaliseMac(mac);
  if (spelled === undefined) return fail(`"${mac}" is no MAC address that a network card can have.`);
  const address = Uint8Array.from(spelled.split(':'), (byte) => Number.parseInt(byte, 16));
  const packet = new Uint8Array(6 + 16 * 6).fill(0xff, 0, 6);
  for (let copy = 0; copy < 16; copy += 1) packet.set(address, 6 + copy * 6);
  return ok(packet);
}

export interface WakeOptions {
  readonly mac: string;
  /** The broadcast address of the machine's own network: a card that sleeps has no IP address. */
  readonly broadcast: string;
  readonly port?: number;
  /** The packet has no answer and may be lost: it is sent some times. */
  readonly times?: number;
  /** Our own address on that network, where the machine has several. */
  readonly localAddress?: string;
}

export async function sendWakeOnLan(options: WakeOptions): Promise<Result<{ readonly packets: number }>> {
  const packet = encodeMagicPacket(options.mac);
  if (!packet.ok) return packet;
  const socket = createSocket('udp4');
  const times = options.times ?? 3;
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      socket.bind({ port: 0, ...(options.localAddress === undefined ? {} : { address: options.localAddress }) }, () => {
        socket.setBroadcast(true);
        resolve();
      });
    });
    for (let sent = 0; sent < times; sent += 1) {
      await new Promise<void>((resolve, reject) => {
        socket.send(packet.value, options.port ?? 9, options.broadcast, (error) =>
          error === null ? resolve() : reject(error),
        );
      });
    }
    return ok({ packets: times });
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    return fail(`The wake-up packet could not be sent to ${options.broadcast}: ${code}.`);
  } finally {
    socket.close();
  }
}

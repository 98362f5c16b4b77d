import { readFile } from 'node:fs/promises';
import { mustRun } from '../../firmware/run-command.ts';
import type { BenchNet } from './open-bench-net.ts';

const NAME = 'net.ipv4.tcp_congestion_control';

/** The host's TCP congestion control: a server sends by it that asks for no other. Whoever reads a table must know it. */
export const readTcpControl = async (): Promise<string> =>
  (await readFile(`/proc/sys/${NAME.replaceAll('.', '/')}`, 'utf8')).trim();

/** For servers that start after this; the host itself keeps its own. */
export async function setTcpControl(net: BenchNet, control: string): Promise<void> {
  await mustRun('ip', ['netns', 'exec', net.server, 'sysctl', '-qw', `${NAME}=${control}`]);
}

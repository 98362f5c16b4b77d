import { mustRun } from '../firmware/run-command.ts';

/** Gives a host in a namespace of its own an interface `s0` with this address, and no other host on its wire. */
export async function addBridge(host: string, address: string): Promise<void> {
  await mustRun('ip', ['-n', host, 'link', 'add', 's0', 'type', 'bridge']);
  await mustRun('ip', ['-n', host, 'addr', 'add', address, 'dev', 's0']);
  for (const device of ['lo', 's0']) await mustRun('ip', ['-n', host, 'link', 'set', device, 'up']);
}

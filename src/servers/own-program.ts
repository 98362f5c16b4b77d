import { realpathSync } from 'node:fs';
import { needsNetAdmin } from './receive-buffer.ts';

/** What capabilities are given to: the Node that runs this or the single executable, and not what `node` is on the path. */
function ownProgram(): string {
  try {
    return realpathSync(process.execPath);
  } catch {
    return process.execPath;
  }
}

/** The right to configure networks goes along only where it changes something (`netAdmin`). */
export function setcapCommand(netAdmin = needsNetAdmin(), file = ownProgram()): string {
  const shown = /^[\w@%+=:,./-]+$/.test(file) ? file : `'${file.replaceAll("'", "'\\''")}'`;
  return `sudo setcap cap_net_bind_service,cap_net_raw${netAdmin ? ',cap_net_admin' : ''}=+ep ${shown}`;
}

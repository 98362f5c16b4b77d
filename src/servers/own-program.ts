import { realpathSync } from 'node:fs';

/** What capabilities are given to: the Node that runs this or the single executable, and not what `node` is on the path. */
function ownProgram(): string {
  try {
    return realpathSync(process.execPath);
  } catch {
    return process.execPath;
  }
}

export function setcapCommand(file = ownProgram()): string {
  const shown = /^[\w@%+=:,./-]+$/.test(file) ? file : `'${file.replaceAll("'", "'\\''")}'`;
  return `sudo setcap cap_net_bind_service,cap_net_raw,cap_net_admin=+ep ${shown}`;
}

import type { BootSite } from '../netboot/boot-site.ts';
import { closePorts, type DhcpBind, type DhcpPort, type DhcpPorts, openMissing } from './dhcp-sockets.ts';
import type { ListenAddress } from './server-parts.ts';
import type { SocketOptions } from './socket-options.ts';

export interface KeepPortsParts {
  readonly what: string;
  readonly opened: DhcpPorts;
  readonly site: () => BootSite;
  readonly bind: DhcpBind;
  readonly native: SocketOptions | undefined;
  readonly onPort: (port: DhcpPort) => void;
  /** There are more of them, or a network has none: `problem` says why. */
  readonly onChange: (problem: string | undefined) => void;
}

/** The ports of a server that goes on while the inventory is read again. What a network needs is opened; nothing is closed before the end. */
export interface KeptPorts {
  readonly ports: () => readonly DhcpPort[];
  readonly listens: () => readonly ListenAddress[];
  /** Looks for networks that are new, and again for those that could not be served the last time. */
  readonly round: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

export function createKeptPorts({ what, opened, site, bind, native, onPort, onChange }: KeepPortsParts): KeptPorts {
  let open = opened;
  let served = site();
  let problem: string | undefined;
  let opening: Promise<void> | undefined;
  let isStopped = false;
  open.ports.forEach(onPort);
  const add = async (wanted: BootSite): Promise<void> => {
    const more = await openMissing(what, wanted, bind, native, open);
    if (more.ok && !isStopped) {
      served = wanted;
      more.value.ports.forEach(onPort);
      open = {
        ports: [...open.ports, ...more.value.ports],
        listens: [...open.listens, ...more.value.listens],
        warnings: open.warnings,
      };
    } else if (more.ok) await closePorts(more.value.ports);
    const before = problem;
    problem = more.ok ? undefined : `a network is not served yet: ${more.error.why}; ${more.error.advice}`;
    if (problem !== before || (more.ok && more.value.ports.length > 0)) onChange(problem);
  };
  return {
    ports: () => open.ports,
    listens: () => open.listens,
    round: async () => {
      const wanted = site();
      if (wanted === served || opening !== undefined || isStopped) return;
      opening = add(wanted);
      await opening;
      opening = undefined;
    },
    stop: async () => {
      isStopped = true;
      await opening;
      await closePorts(open.ports);
    },
  };
}

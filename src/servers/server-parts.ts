import type { CutOffNet } from '../core/event.ts';
import type { ArtefactPort, EnginePort, LogSink, RenderedPort } from '../core/ports.ts';
import type { AddressBook } from '../netboot/address-book.ts';
import type { TokenBook } from '../netboot/attempt-token.ts';
import type { BootNet, BootSite } from '../netboot/boot-site.ts';
import type { CaptureRing } from './capture-ring.ts';
import type { DhcpRush } from './dhcp-rush.ts';
import type { FileShares } from './file-shares.ts';
import type { Traffic } from './traffic.ts';

/** What the servers share: one of each per program, joined in `cli/world.ts`. */
export interface BootParts {
  readonly engine: EnginePort;
  /** Asked for each packet, so that a reload of the inventory needs no restart. */
  readonly site: () => BootSite;
  readonly rendered: RenderedPort;
  readonly artefacts: ArtefactPort;
  readonly tokens: TokenBook;
  readonly addresses: AddressBook;
  readonly onLog: LogSink;
  readonly captures?: CaptureRing;
  /** Absent: as many connections as a host without a limit takes. */
  readonly shares?: FileShares;
  /** Absent: nobody goes before others. */
  readonly rush?: DhcpRush;
}

export interface ListenAddress {
  readonly address: string;
  readonly port: number;
}

/** A server that runs. `warnings`: it works, but not as well as it could, and what would help. */
export interface BootServer {
  readonly listens: readonly ListenAddress[];
  readonly warnings: readonly string[];
  /** What it cannot do from the start, until something of this machine changes. */
  readonly hampered?: string;
  readonly cutOff?: readonly CutOffNet[];
  readonly traffic?: () => Traffic;
  /**
   * Listens also at those addresses of the site that are new, or there by now, and some time later no more at those that it
   * does not name any more. What is on its way is not broken off, wherever it goes.
   */
  readonly follow?: () => Promise<Followed>;
  readonly stop: () => Promise<void>;
}

/** Where a server listens by now, and why not everywhere. */
export interface Followed {
  readonly listens: readonly ListenAddress[];
  readonly problem?: ServerProblem;
  /** Sentences: addresses of the site that this machine does not have. */
  readonly absent: readonly string[];
  /** What it cannot do now, wherever it listens. */
  readonly hampered?: string;
  /** Sentences: networks of which our interface reaches a part alone. */
  readonly narrow?: readonly string[];
}

/** Why a server could not start, and what a person can do about it. */
export interface ServerProblem {
  readonly why: string;
  readonly advice: string;
  /** Somebody else has the port. */
  readonly isTaken?: boolean;
  /** The interface or its address is not there: it may come. */
  readonly isAbsent?: boolean;
}

/** Where machines come to us for files, whoever gives them their addresses. */
export function servedNets({ nets }: BootSite): readonly BootNet[] {
  const served = nets.filter((net) => net.spec.dhcp !== 'off' || net.relay === undefined);
  return served.length > 0 ? served : nets;
}

/** Every address of our own that the site names, once. */
export function serverAddresses(site: BootSite): readonly string[] {
  return [...new Set(servedNets(site).map((net) => net.serverText))];
}

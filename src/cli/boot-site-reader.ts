import { ok, type Result } from '../core/result.ts';
import type { SiteSpec, SubnetSpec } from '../core/spec.ts';
import { isOfSubnet } from '../inventory/subnet-of.ts';
import { type BootSite, buildBootSite } from '../netboot/boot-site.ts';
import { ownAddress } from './own-address.ts';

/** The site as the servers see it now. */
export interface BootSiteReader {
  /** Asked for each packet; reads the inventory again where it has changed. */
  readonly site: () => BootSite;
  /** Looks which addresses our interfaces have by now. */
  readonly look: () => void;
}

export interface BootSiteReaderParts {
  readonly spec: () => SiteSpec;
  readonly log: (level: 'info' | 'error', text: string) => void;
  readonly addressOf?: (net: SubnetSpec) => string | undefined;
}

/** A reload may change networks; one that cannot be built keeps the last that could. */
export function createBootSiteReader({
  spec,
  log,
  addressOf = ownAddress,
}: BootSiteReaderParts): Result<BootSiteReader> {
  const first = buildBootSite(spec(), addressOf);
  if (!first.ok) return first;
  let read = spec();
  let site = first.value;

  /** An interface that is without an address of its network for a while keeps the one that it had. */
  const addressNow = (net: SubnetSpec): string | undefined => {
    const before = site.nets.find((one) => one.spec.subnet === net.subnet && one.spec.interface === net.interface);
    const now = addressOf(net);
    const isRight = now !== undefined && (net.address !== undefined || isOfSubnet(net, now));
    return isRight ? now : (before?.serverText ?? now);
  };

  const build = (): void => {
    const built = buildBootSite(read, addressNow);
    if (built.ok) site = built.value;
    else log('error', `the networks of the site are not usable: ${built.error}`);
  };

  return ok({
    site: () => {
      const now = spec();
      if (now !== read) {
        read = now;
        build();
      }
      return site;
    },
    look: () => {
      const come = (site.waiting ?? []).filter((net) => addressNow(net) !== undefined);
      for (const net of come)
        log('info', `${net.interface} has the address ${addressNow(net)} now: all services follow`);
      const moved = site.nets.filter(({ spec: net, serverText }) => {
        const isOwn = net.interface !== undefined && net.address === undefined;
        return isOwn && addressNow(net) !== serverText;
      });
      if (moved.length + come.length === 0) return;
      for (const { spec: net, serverText } of moved)
        log(
          'info',
          `${net.interface} has the address ${addressNow(net)} now, and not ${serverText}: all services follow`,
        );
      build();
    },
  });
}

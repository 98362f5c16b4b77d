import type { Result } from '../core/result.ts';
import type { BootSite } from '../netboot/boot-site.ts';
import { createCutLinks } from './cut-links.ts';
import { findNarrow } from './explain-narrow.ts';
import { createLetGo, type LetGoParts } from './let-go.ts';
import { addressesThere, findLostAddresses } from './lost-addresses.ts';
import { type BootServer, type ListenAddress, type ServerProblem, serverAddresses } from './server-parts.ts';

type Listens = Result<readonly ListenAddress[], ServerProblem>;

export interface FollowSiteParts {
  readonly site: () => BootSite;
  /** Where it listens from the start. */
  readonly first: readonly ListenAddress[];
  /** Of the addresses that come later. */
  readonly port: number;
  /** Listens at one address more, or leaves nothing behind. */
  readonly open: (wanted: readonly [ListenAddress]) => Promise<Listens>;
  /** Hears nobody new there; what is on its way goes on to its end. */
  readonly close: (where: ListenAddress) => Promise<void>;
  /** Where it listens whatever the site says. */
  readonly fixed: string | undefined;
  readonly letGo?: LetGoParts;
}

/** How a server follows. One address that cannot be had keeps it from no other. */
export function createFollowSite(parts: FollowSiteParts): NonNullable<BootServer['follow']> {
  const { site, first, port, open, close, fixed } = parts;
  let listens = first;
  const shared = first[0]?.port ?? port;
  let absent: readonly string[] = [];
  let narrow: readonly string[] = [];
  const findCutLinks = createCutLinks();
  const letGo = createLetGo<ListenAddress>(parts.letGo);
  const isUnnamed = ({ address }: ListenAddress) => address !== fixed && !serverAddresses(site()).includes(address);

  const closeUnnamed = async (): Promise<void> => {
    for (const one of await letGo(listens.filter(isUnnamed))) {
      // It may have been named again meanwhile.
      if (!isUnnamed(one)) continue;
      listens = listens.filter((other) => other !== one);
      await close(one);
    }
  };

  return async () => {
    await closeUnnamed();
    let problem: ServerProblem | undefined;
    for (const address of serverAddresses(site())) {
      if (listens.some((one) => one.address === address)) continue;
      const more = await open([{ address, port: shared }]);
      if (more.ok) listens = [...listens, ...more.value];
      else if (more.error.isAbsent !== true) problem ??= more.error;
    }
    absent = (await findLostAddresses(site(), listens)) ?? absent;
    narrow = findNarrow(site()) ?? narrow;
    const cut = findCutLinks(site()).map(({ text }) => text);
    return {
      listens,
      absent,
      narrow: [...narrow, ...cut],
      ...(problem === undefined ? {} : { problem }),
    };
  };
}

/** Where a server listens when it starts: what is not there yet it follows. */
export const startAddresses = (
  { address }: { readonly address?: string },
  site: BootSite,
): Promise<readonly string[]> => addressesThere(address === undefined ? serverAddresses(site) : [address]);

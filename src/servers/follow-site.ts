import type { Result } from '../core/result.ts';
import type { BootSite } from '../netboot/boot-site.ts';
import { createCutLinks } from './cut-links.ts';
import { findNarrow } from './explain-narrow.ts';
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
}

/** How a server follows. One address that cannot be had keeps it from no other. */
export function createFollowSite({ site, first, port, open }: FollowSiteParts): NonNullable<BootServer['follow']> {
  const listens = [...first];
  const shared = first[0]?.port ?? port;
  let absent: readonly string[] = [];
  let narrow: readonly string[] = [];
  const findCutLinks = createCutLinks();
  return async () => {
    let problem: ServerProblem | undefined;
    for (const address of serverAddresses(site())) {
      if (listens.some((one) => one.address === address)) continue;
      const more = await open([{ address, port: shared }]);
      if (more.ok) listens.push(...more.value);
      else if (more.error.isAbsent !== true) problem ??= more.error;
    }
    absent = (await findLostAddresses(site(), listens)) ?? absent;
    narrow = findNarrow(site()) ?? narrow;
    const cut = findCutLinks(site()).map(({ text }) => text);
    return {
      listens: [...listens],
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

import { ok, type Result } from '../core/result.ts';
import type { BootSite } from '../netboot/boot-site.ts';
import { type BootServer, type ListenAddress, type ServerProblem, serverAddresses } from './server-parts.ts';

type Listens = Result<readonly ListenAddress[], ServerProblem>;

/** How a server follows. `open` listens at one address more, or leaves nothing behind. */
export function createFollowSite(
  site: () => BootSite,
  first: readonly ListenAddress[],
  open: (wanted: readonly [ListenAddress]) => Promise<Listens>,
): NonNullable<BootServer['follow']> {
  const listens = [...first];
  const port = first[0]?.port ?? 0;
  return async () => {
    for (const address of serverAddresses(site())) {
      if (listens.some((one) => one.address === address)) continue;
      const more = await open([{ address, port }]);
      if (!more.ok) return more;
      listens.push(...more.value);
    }
    return ok([...listens]);
  };
}

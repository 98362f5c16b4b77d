import { createSafeLook } from '../core/safe-look.ts';
import type { ServerNews } from '../servers/create-dhcp-server.ts';
import type { BootServer } from '../servers/server-parts.ts';
import type { BootSiteReader } from './boot-site-reader.ts';
import { withoutName } from './service-state.ts';

export interface FollowNetworksParts {
  readonly reader: BootSiteReader;
  readonly running: ReadonlyMap<string, BootServer>;
  readonly onNews: (service: string, news: ServerNews) => void;
  readonly log: (level: 'warn' | 'info', text: string) => void;
}

const LOOK_MS = 2_000;
export const DHCP = 'DHCP';

/**
 * Machines are told one address for all services. Where that is a new one (a network more, an interface with another
 * address, or one that was not there at the start) each service is there before long, and until it is it says why not.
 * Returns how to end it, once all that is not there is told.
 */
export async function followNetworks({
  reader,
  running,
  onNews,
  log,
}: FollowNetworksParts): Promise<() => Promise<void>> {
  const told = new WeakMap<BootServer, ServerNews>();

  const follow = async (name: string, server: BootServer): Promise<void> => {
    if (server.follow === undefined) return;
    const before = told.get(server) ?? { listens: server.listens, warning: undefined };
    const { listens, problem, absent, narrow = [], hampered } = await server.follow();
    // DHCP tells of each network; who listens at none of them says so himself.
    const isTold = running.has(DHCP);
    const why = [
      ...(problem === undefined ? [] : [`${withoutName(name, problem.why)}; ${problem.advice}`]),
      ...(isTold ? [] : absent),
    ].join('; ');
    const where = listens.length > 0 ? 'not at all addresses yet' : 'at no address yet';
    const isNowhere = listens.length === 0 && absent.length > 0;
    const unserved = why !== '' ? `${where}: ${why}` : isNowhere ? `${where}; DHCP says why` : undefined;
    const warning = [unserved, ...(isTold ? [] : narrow), hampered].filter((one) => one !== undefined).join('; ');
    const news: ServerNews = { listens, warning: warning === '' ? undefined : warning };
    if (news.warning === before.warning && placesOf(news) === placesOf(before)) return;
    told.set(server, news);
    onNews(name, news);
  };

  const followAll = async (): Promise<void> => {
    reader.look();
    for (const [name, server] of [...running]) await follow(name, server);
  };

  const safe = createSafeLook('the look at our own addresses', followAll, log);
  await safe.look();
  const looking = setInterval(() => void safe.look(), LOOK_MS);
  return async () => {
    clearInterval(looking);
    await safe.ended();
  };
}

const placesOf = ({ listens }: ServerNews): string => listens.map(({ address }) => address).join();

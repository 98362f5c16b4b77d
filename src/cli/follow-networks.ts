import type { ServerNews } from '../servers/create-dhcp-server.ts';
import type { BootServer } from '../servers/server-parts.ts';
import type { BootSiteReader } from './boot-site-reader.ts';

export interface FollowNetworksParts {
  readonly reader: BootSiteReader;
  readonly running: ReadonlyMap<string, BootServer>;
  readonly onNews: (service: string, news: ServerNews) => void;
}

const LOOK_MS = 2_000;

/**
 * Machines are told one address for all services. Where that is a new one (a network more, an interface with another
 * address) each service is there before long, and until it is it says why not. Returns how to end it.
 */
export function followNetworks({ reader, running, onNews }: FollowNetworksParts): () => Promise<void> {
  const told = new WeakMap<BootServer, ServerNews>();
  let round: Promise<void> | undefined;

  const follow = async (name: string, server: BootServer): Promise<void> => {
    if (server.follow === undefined) return;
    const before = told.get(server) ?? { listens: server.listens, warning: undefined };
    const now = await server.follow();
    const news: ServerNews = now.ok
      ? { listens: now.value, warning: undefined }
      : { listens: before.listens, warning: `not at all addresses yet: ${now.error.why}; ${now.error.advice}` };
    if (news.warning === before.warning && news.listens.length === before.listens.length) return;
    told.set(server, news);
    onNews(name, news);
  };

  const followAll = async (): Promise<void> => {
    reader.look();
    for (const [name, server] of [...running]) await follow(name, server);
    round = undefined;
  };

  const looking = setInterval(() => {
    round ??= followAll();
  }, LOOK_MS);
  return async () => {
    clearInterval(looking);
    await round;
  };
}

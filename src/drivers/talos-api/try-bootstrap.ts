import { runsEtcd } from '../../core/bootstrap.ts';
import { fail, ok, type Result } from '../../core/result.ts';
import type { TalosApi } from './open-talos-api.ts';

export type AskApi = <T>(work: (api: TalosApi) => Promise<Result<T>>) => Promise<Result<T>>;

export interface ClusterMember {
  readonly name: string;
  readonly address: string;
}

/**
 * Looks before it begins a new etcd: on this node and on the other control-plane nodes that answer. One that does not
 * answer has told nothing; that it holds an etcd is what the engine knows from before, or nobody does.
 */
export async function tryBootstrap(
  asAdmin: (address: string) => AskApi,
  address: string,
  others: readonly ClusterMember[],
  /** Why it must not be sent by this connection. */
  problemOf: (api: TalosApi) => Promise<string | undefined>,
): Promise<Result<'done' | 'alreadyDone'>> {
  const own = await etcdAt(asAdmin(address));
  if (!own.ok) return own;
  if (own.value) return ok('alreadyDone');
  const found = await Promise.all(
    others.map(async (one) => {
      const etcd = await etcdAt(asAdmin(one.address));
      return etcd.ok && etcd.value ? [one.name] : [];
    }),
  );
  const [holder] = found.flat();
  if (holder !== undefined)
    return fail(`etcd runs on ${holder}: the cluster is bootstrapped, and this node joins it by itself`);
  return asAdmin(address)(async (api) => {
    const problem = await problemOf(api);
    if (problem !== undefined) return fail(problem);
    const sent = await api.bootstrap();
    return sent.ok ? sent : fail(sent.error.message);
  });
}

const etcdAt = (ask: AskApi): Promise<Result<boolean>> =>
  ask(async (api) => {
    const services = await api.services();
    return services.ok ? ok(runsEtcd(services.value)) : fail(services.error.message);
  });

import { type Dispatcher, EnvHttpProxyAgent, interceptors } from 'undici';

/** Follows the redirects of factories to their object storage, and the proxy variables of the environment. */
export function createDispatcher(): Dispatcher {
  return new EnvHttpProxyAgent({ connect: { timeout: 15_000 } }).compose(interceptors.redirect({ maxRedirections: 5 }));
}

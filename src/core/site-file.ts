import type { ServiceState } from './event.ts';

/** What of the site's file waits for a restart is told under this name among the services. */
export const SITE_FILE = 'site file';

type Services = Readonly<Record<string, ServiceState>>;

/** The file is no service: where nothing of it waits there is nothing to show. */
export function withService(services: Services, name: string, state: ServiceState): Services {
  if (name !== SITE_FILE || state.is !== 'ok' || state.warning !== undefined) return { ...services, [name]: state };
  const { [SITE_FILE]: _settled, ...rest } = services;
  return rest;
}

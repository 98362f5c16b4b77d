import type { BootSite } from '../netboot/boot-site.ts';
import { linkTrouble } from './link-state.ts';
import type { CutOff } from './lost-addresses.ts';
import { servedNets } from './server-parts.ts';

/** Networks on an interface without a link. What is told from the second look on is no flap. */
export type FindCutLinks = (site: BootSite) => readonly CutOff[];

export function createCutLinks(troubleOf: (iface: string) => string | undefined = linkTrouble): FindCutLinks {
  let before: ReadonlyMap<string, string> = new Map();
  return (site) => {
    const now = new Map<string, string>();
    const found: CutOff[] = [];
    for (const { spec } of servedNets(site)) {
      const { interface: iface, subnet } = spec;
      const why = iface === undefined ? undefined : (now.get(iface) ?? troubleOf(iface));
      if (iface === undefined || why === undefined) continue;
      now.set(iface, why);
      if (before.has(iface)) found.push({ subnet, why, text: `${why}, machines of ${subnet} are not reached` });
    }
    before = now;
    return found;
  };
}

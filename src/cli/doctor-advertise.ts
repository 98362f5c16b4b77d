import { advertisedInterfaces, whyNoIpv6 } from '../servers/advertised-interfaces.ts';
import { COST_WITHOUT } from '../servers/create-router-advertiser.ts';
import { findProgram } from '../servers/find-program.ts';
import { fine, type Say, warn } from './doctor-line.ts';
import { readCapabilities } from './doctor-proc.ts';
import type { DoctorSite } from './doctor-site.ts';

/** Router advertisements on networks that are ours alone: what they need, and what it costs to be without. */
export async function checkAdvertisements(doctor: DoctorSite, say: Say): Promise<void> {
  const { host, env, inventory } = doctor;
  const { networks } = inventory.site;
  const interfaces = advertisedInterfaces(networks);
  const waiting = networks.filter(
    (net) => net.interface !== undefined && net.dhcp === 'authoritative' && !net.dedicated,
  );
  if (interfaces.length === 0) {
    if (waiting.length === 0) return say(fine('no network of this site needs router advertisements'));
    const names = [...new Set(waiting.map((net) => net.interface))].join(', ');
    return say(
      fine(`none are sent on ${names}: ${COST_WITHOUT}, unless a router there or \`dedicated: true\` sends them`),
    );
  }
  const radvd = findProgram('radvd', env['PATH']);
  if (radvd === undefined)
    return say(warn(`radvd is not installed: ${COST_WITHOUT} on ${interfaces.join(', ')}`, 'apt-get install radvd'));
  const dark = interfaces.flatMap((name) => whyNoIpv6(name, host.text) ?? []);
  for (const why of dark) say(warn(`${why}: ${COST_WITHOUT}`, 'give the interface IPv6, or drop `dedicated: true`'));
  // What setcap gives a program, its children do not have.
  const held = readCapabilities(host, process.getuid?.() === 0 ? 'CapEff' : 'CapAmb');
  if (held?.has('CAP_NET_RAW') === false && doctor.engine === undefined)
    say(
      warn(
        `radvd would run without CAP_NET_RAW: ${COST_WITHOUT}`,
        `run as root or with the AmbientCapabilities= of the unit, or: sudo setcap cap_net_raw=+ep ${radvd}`,
      ),
    );
  if (dark.length === 0) say(fine(`router advertisements on ${interfaces.join(', ')} by ${radvd}`));
}

import type { BmcIdentity, BmcProblem, BmcTarget } from '../core/bmc.ts';
import { bmcContradiction, bmcDoubt, ownedByOther } from '../core/bmc-conflict.ts';
import { type IdentityIndex, indexIdentities } from '../core/identity-index.ts';
import { CLEAR_IT } from '../core/leftover.ts';
import { fail, ok, type Result } from '../core/result.ts';
import type { NodeSpec } from '../core/spec.ts';
import { createBmcDrivers } from '../drivers/bmc-open.ts';
import { defaultBmcTimings } from '../drivers/bmc-timings.ts';
import { resolveSecret } from '../inventory/resolve-reference.ts';
import { doctorCa, type WithBmc } from './doctor-bmc-ca.ts';
import { bad, type Finding, fine, listNames, type Say, warn } from './doctor-line.ts';
import { inParallel } from './doctor-run.ts';
import type { DoctorSite } from './doctor-site.ts';

const AT_ONCE = 32;
/** A person waits for this: that all sessions are taken is worth telling at once. */
const SESSION_MS = 3_000;

/** User name and password of each BMC, and what it is: only when asked, for a wrong password may lock the account. */
export async function checkLogins(doctor: DoctorSite, nodes: readonly WithBmc[], say: Say): Promise<void> {
  const drivers = createBmcDrivers({ timings: { ...defaultBmcTimings, sessionLimitMs: SESSION_MS } });
  const kinds = new Map<string, string[]>();
  /** One reference serves a whole rack: what is wrong with it is said once. */
  const unread = new Map<string, { readonly advice: string; readonly names: readonly string[] }>();
  const index = indexIdentities(doctor.inventory.nodes);
  let good = 0;
  try {
    await inParallel(nodes, AT_ONCE, async (node) => {
      const target = await targetOf(doctor, node);
      if (!target.ok) {
        const { message, advice } = target.error;
        unread.set(message, { advice, names: [...(unread.get(message)?.names ?? []), node.name] });
        return;
      }
      const port = drivers.openBmc(target.value);
      const power = await port.readPower();
      const identity = power.ok ? await port.readIdentity() : power;
      await port.close();
      if (!power.ok) return say(bad(`${node.name}: ${power.error.message}`, power.error.advice));
      good += 1;
      if (!identity.ok) return say(warn(`${node.name}: ${identity.error.message}`, identity.error.advice));
      const kind = kindText(identity.value);
      kinds.set(kind, [...(kinds.get(kind) ?? []), node.name]);
      for (const finding of doubtsOf(node, identity.value, index)) say(finding);
    });
  } finally {
    await drivers.closeAll();
  }
  for (const [why, { advice, names }] of unread) say(bad(`${listNames(names)}: ${why}`, advice));
  if (good > 0) say(fine(`${good} of ${nodes.length} take user name and password`));
  for (const [kind, names] of [...kinds].sort()) say(fine(`${listNames(names)}: ${kind}`));
}

async function targetOf(doctor: DoctorSite, node: WithBmc): Promise<Result<BmcTarget, BmcProblem>> {
  const password = await resolveSecret(node.bmc.password, { folder: doctor.folder, env: doctor.env });
  if (!password.ok)
    return fail({
      code: 'credentials',
      message: `the password cannot be read: ${password.error}`,
      advice: 'correct `bmc.password`',
    });
  const pinned = doctor.engine?.fleet.fingerprints[node.name];
  const ca = await doctorCa(doctor, node);
  if (!ca.ok) return ca;
  return ok({
    node: node.name,
    spec: node.bmc,
    password: password.value,
    ...(pinned === undefined ? {} : { pinnedFingerprint: pinned }),
    ...(ca.value === undefined ? {} : { caPem: ca.value.pem }),
  });
}

/** `Dell PowerEdge R740xd, firmware 6.10: PXE, UEFI HTTP, takes media`. */
function kindText({ vendor, model, firmwareVersion, bootTargets, canInsertMedia }: BmcIdentity): string {
  const name = model === undefined || model.startsWith(vendor) ? (model ?? vendor) : `${vendor} ${model}`;
  const ways = [
    ...(bootTargets.includes('pxe') ? ['PXE'] : []),
    ...(bootTargets.includes('uefiHttp') ? ['UEFI HTTP'] : []),
    ...(canInsertMedia ? ['takes media'] : []),
  ];
  const boots = ways.length === 0 ? 'offers no network boot' : ways.join(', ');
  return `${name}${firmwareVersion === undefined ? '' : `, firmware ${firmwareVersion}`}: ${boots}`;
}

/** Where the BMC and the inventory do not go together: found here, and not in the night. */
function doubtsOf(spec: NodeSpec, bmc: BmcIdentity, index: IdentityIndex): readonly Finding[] {
  const { name, firmware, boot, identity } = spec;
  const doubts: Finding[] = [];
  const other = ownedByOther(index, name, identity, bmc);
  const contradicts = other === undefined ? bmcContradiction(identity, bmc) : undefined;
  const doubt = contradicts === undefined ? other : `${name}: ${contradicts.replace(/^the/, 'its')}`;
  if (doubt !== undefined) doubts.push(bad(doubt, 'find out which machine this is before anything is armed'));
  const strange = doubt === undefined ? bmcDoubt({ name, spec, seen: { bmc } }) : undefined;
  if (strange !== undefined) doubts.push(warn(strange, 'a BMC need not list every card: compare its serial number'));
  if (bmc.leftover !== undefined)
    doubts.push(warn(`${name}: its boot override was left at ${bmc.leftover}: it boots that every time`, CLEAR_IT));
  if (boot === 'virtualMedia' && !bmc.canInsertMedia)
    doubts.push(warn(`${name}: \`boot: virtual-media\`, and its BMC takes no image`, 'often a licence is missing'));
  if (firmware === 'http' && boot === undefined && !bmc.bootTargets.includes('uefiHttp'))
    doubts.push(
      warn(
        `${name}: \`firmware: http\`, and its BMC offers no UEFI HTTP boot`,
        bmc.bootTargets.includes('pxe') ? 'it is booted by PXE' : 'choose network boot by hand',
      ),
    );
  return doubts;
}

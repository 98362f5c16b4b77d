import { statSync } from 'node:fs';
import { WRITES_DISK } from '../core/job.ts';
import { newNode } from '../core/node.ts';
import type { LoadedFile } from '../core/ports.ts';
import type { NodeSpec } from '../core/spec.ts';
import { LOADER_ADVICE } from '../drivers/vault/find-loader.ts';
import { openVault, type Vault } from '../drivers/vault/open-vault.ts';
import { usualKind } from './choose-profile.ts';
import { advertisedNames } from './doctor-engine.ts';
import { bad, fine, listNames, type Say, warn } from './doctor-line.ts';
import { inParallel } from './doctor-run.ts';
import type { DoctorSite } from './doctor-site.ts';
import { createSitePlanner } from './site-planner.ts';
import { createVaultView } from './vault-view.ts';

/** A schematic that is not known yet is asked of the image factory; without internet that must not hold the rest. */
const PLAN_MS = 3_000;

/** Loaders, images and what each machine would be served; `tell` gives the loaders on to who fetches them. */
export async function checkBootFiles(
  doctor: DoctorSite,
  say: Say,
  tell: (loaders: ReadonlyMap<string, LoadedFile>) => void,
): Promise<void> {
  const loaders = new Map<string, LoadedFile>();
  try {
    // Looking makes no folder: that is for whoever puts something in it.
    const there = statSync(doctor.assetsDir, { throwIfNoEntry: false }) !== undefined;
    const vault = there ? await openVault(doctor.assetsDir) : undefined;
    // The vault says what helps, to whoever asks.
    if (vault?.ok === false) return say({ state: 'fail', what: vault.error });
    if (vault === undefined)
      say(
        bad(
          `there is no vault at ${doctor.assetsDir}`,
          'crashcart images pull, or images import FILE where there is no internet',
        ),
      );
    else await checkLoaders(doctor, vault.value, loaders, say);
    tell(loaders);
    if (vault !== undefined) await checkPlans(doctor, vault.value, say);
  } finally {
    tell(loaders);
  }
}

/** Which loaders the machines of this site will be told, by what the inventory says of them. */
function neededLoaders(doctor: DoctorSite): ReadonlyMap<string, readonly string[]> {
  const { site, nodes } = doctor.inventory;
  const needed = new Map<string, string[]>();
  const need = (name: string, node: NodeSpec) => needed.set(name, [...(needed.get(name) ?? []), node.name]);
  for (const node of nodes) {
    if (node.loader !== undefined) need(node.loader, node);
    else if (node.arch === 'arm64') need(site.loaders.arm64, node);
    else if (node.firmware === 'bios') need(site.loaders.bios, node);
    else need(site.loaders.uefi, node);
  }
  return needed;
}

async function checkLoaders(
  doctor: DoctorSite,
  vault: Vault,
  loaders: Map<string, LoadedFile>,
  say: Say,
): Promise<void> {
  const why = new Map<string, string>();
  await inParallel([...new Set([...advertisedNames(doctor), ...neededLoaders(doctor).keys()])], 4, async (name) => {
    const file = await vault.loader(name);
    if (file.ok) loaders.set(name, file.value);
    else why.set(name, file.error);
  });
  const needed = neededLoaders(doctor);
  for (const [name, nodes] of needed)
    if (!loaders.has(name)) say(bad(`${listNames(nodes)}: ${why.get(name) ?? `no ${name}`}`, LOADER_ADVICE));
  const { bios, uefi, arm64 } = doctor.inventory.site.loaders;
  const absent = [bios, uefi, arm64].filter((name) => !loaders.has(name) && !needed.has(name));
  if (absent.length > 0)
    say(warn(`not there, and no machine of the inventory is known to need it: ${absent.join(', ')}`, LOADER_ADVICE));
  const there = [...needed.keys()].filter((name) => loaders.has(name));
  if (there.length > 0) say(fine(`loaders: ${there.join(', ')}`));
}

/** The whole way of `provision`, short of doing it: images hashed, configuration merged and checked. */
async function checkPlans(doctor: DoctorSite, vault: Vault, say: Say): Promise<void> {
  const { inventory, folder, env } = doctor;
  const view = createVaultView(vault, () => inventory.site);
  for (const problem of await view.refresh()) say({ state: 'fail', what: problem });
  const planner = createSitePlanner({
    current: () => inventory,
    references: { folder, env },
    vault: view,
    vaultDir: vault.directory,
  });
  const problems = new Map<string, string[]>();
  const warnings = new Map<string, string[]>();
  const unsure: string[] = [];
  let asked = 0;
  let good = 0;
  const put = (map: Map<string, string[]>, key: string, name: string) => map.set(key, [...(map.get(key) ?? []), name]);
  await inParallel(inventory.nodes, 4, async (spec) => {
    const kind = usualKind(inventory, spec);
    if (kind === undefined) return;
    asked += 1;
    const late = new Promise<undefined>((resolve) => setTimeout(() => resolve(undefined), PLAN_MS).unref());
    const planned = await Promise.race([planner.plan(newNode(spec, doctor.nowMs), kind), late]);
    if (planned === undefined)
      put(problems, 'its image could not be named in time: the image factory does not answer', spec.name);
    else if (!planned.ok) put(problems, planned.error, spec.name);
    else {
      good += 1;
      if (WRITES_DISK[kind] && !planned.value.rendered.plan.disk.sure) unsure.push(spec.name);
      for (const text of planned.value.shown.warnings) put(warnings, text, spec.name);
    }
  });
  for (const [why, names] of problems)
    say(bad(`${listNames(names)}: ${why}`, `crashcart plan ${names[0] ?? 'NODE'} shows it alone`));
  for (const [text, names] of warnings)
    say(warn(`${listNames(names)}: ${text}`, `crashcart plan ${names[0] ?? 'NODE'} shows the whole plan`));
  if (unsure.length > 0)
    say(
      warn(
        `${listNames(unsure)}: the configuration does not name one disk for sure`,
        'inspect the machine (crashcart provision NODE --kind inspect), or write `talos.disk` with a serial',
      ),
    );
  if (good > 0) say(fine(`${good} of ${asked} machines: images whole, configuration renders`));
}

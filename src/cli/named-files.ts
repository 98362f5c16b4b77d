import type { DocumentRef, Inventory, NodeSpec, ProfileSpec, SecretRef } from '../core/spec.ts';

type Named = readonly [what: string, ref: DocumentRef | SecretRef | undefined];

/** Every file that the inventory names beside itself, as it is written there, and what it is to whom (the first). */
export function namedFiles({ site, profiles, nodes }: Inventory): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  const named: readonly Named[] = [
    ...nodes.flatMap(ofNode),
    ...Object.entries(profiles).flatMap(([name, profile]) =>
      documentsOf(profile).map((ref): Named => [`of the profile ${name}`, ref]),
    ),
    ['talosconfig of the site', site.talosconfig],
  ];
  for (const [what, ref] of named) if (ref?.from === 'file' && !files.has(ref.path)) files.set(ref.path, what);
  return files;
}

const ofNode = ({ name, bmc, talos }: NodeSpec): readonly Named[] => [
  [`password for the BMC of ${name}`, bmc?.password],
  [`certificate authority for the BMC of ${name}`, bmc?.tls?.ca],
  ...[talos.config, ...talos.patches].map((ref): Named => [`machine configuration of ${name}`, ref]),
];

function documentsOf(profile: ProfileSpec): readonly (DocumentRef | undefined)[] {
  if (profile.kind === 'script') return [profile.template];
  if (profile.kind !== 'linux') return [];
  return [profile.userData, profile.metaData, profile.networkConfig, profile.vendorData];
}

import type { DocumentRef, NodeSpec } from '../core/spec.ts';

/** `{node}` in the path or command of a document: one file for each machine. */
export function documentOf(ref: DocumentRef, { name }: NodeSpec): DocumentRef {
  return ref.from === 'file'
    ? { ...ref, path: ref.path.replaceAll('{node}', name) }
    : { ...ref, command: ref.command.replaceAll('{node}', name) };
}

/** `{{node}}` and its like in a document of cloud-init; other names in braces belong to its own templates. */
export function fillWords(text: string, spec: NodeSpec): string {
  const words = wordsOf(spec);
  return text.replace(/\{\{([a-zA-Z]+)\}\}/g, (whole, name: string) => words.get(name) ?? whole);
}

function wordsOf({ name, identity, network }: NodeSpec): ReadonlyMap<string, string> {
  const { ip, prefix, gateway, vlan, domain, dns, ntp } = network;
  const [mac] = identity.macs;
  const known: readonly (readonly [string, string | number | undefined])[] = [
    ['node', name],
    ['mac', mac],
    ['uuid', identity.uuid],
    ['serial', identity.serial],
    ['ip', ip],
    ['prefix', prefix],
    ['gateway', gateway],
    ['vlan', vlan],
    ['domain', domain],
    ['dns', dns.length === 0 ? undefined : dns.join(', ')],
    ['ntp', ntp.length === 0 ? undefined : ntp.join(', ')],
  ];
  return new Map(known.flatMap(([key, value]) => (value === undefined ? [] : [[key, String(value)] as const])));
}

/** A word that the inventory does not say of this machine would stand in its file as it is. */
export function emptyWord(text: string, spec: NodeSpec): string | undefined {
  const filled = fillWords(text, spec);
  return /\{\{(node|mac|uuid|serial|ip|prefix|gateway|vlan|domain|dns|ntp)\}\}/.exec(filled)?.[1];
}

/** NoCloud is no data source without it. */
export function defaultMetaData({ name, network }: NodeSpec): string {
  const host = network.domain === undefined ? name : `${name}.${network.domain}`;
  return `instance-id: ${name}\nlocal-hostname: ${host}\n`;
}

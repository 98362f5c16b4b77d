import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { resolve } from 'node:path';
import type { Inventory, NodeSpec } from '../../core/spec.ts';
import { isEmpty, MAIN, parseConfig, textAt } from '../../talos/config-documents.ts';
import { type ClusterAuthority, makeBareSecrets } from './demo-configs.ts';
import type { SimFile } from './planned-machine.ts';

/**
 * Configurations without any secret, as the example inventory has them and as they stand in a public repository: in a
 * rehearsal the secrets of a cluster that does not exist are put below them, in the rehearsal's own folder. For real sites
 * nothing changes: there such a configuration is refused.
 */
export interface CompletedConfigs {
  readonly files: readonly SimFile[];
  /** What the operator's document of this machine is laid upon; undefined where it is complete, broken or a command's. */
  readonly below: (node: NodeSpec) => string | undefined;
  readonly notes: readonly string[];
}

type Kind = 'controlplane' | 'worker';

const fileOf = (kind: Kind): string => `_talos/made-up-${kind}.yaml`;

export function completeConfigs(inventory: Inventory, folder: string, authority: ClusterAuthority): CompletedConfigs {
  const bare = bareConfigs(inventory, folder);
  const kindOf = (path: string) => bare.find((one) => one.path === path)?.kind;
  const kinds = [...new Set(bare.map(({ kind }) => kind))];
  const secrets = makeBareSecrets(authority);
  return {
    files: kinds.map((kind) => ({ path: fileOf(kind), text: secrets[kind] })),
    below: ({ talos }) => {
      const kind = talos.config?.from === 'file' ? kindOf(talos.config.path) : undefined;
      return kind === undefined ? undefined : fileOf(kind);
    },
    notes: bare.map(
      ({ path }) =>
        `${path} holds no secrets: this rehearsal adds made-up ones; for real machines it is refused until you put yours there`,
    ),
  };
}

/** The configurations of an inventory that stand for what is yet to come. */
export function bareConfigs(
  { nodes }: Inventory,
  folder: string,
): readonly { readonly path: string; readonly kind: Kind }[] {
  const paths = new Set(nodes.flatMap(({ talos }) => (talos.config?.from === 'file' ? [talos.config.path] : [])));
  return [...paths].flatMap((path) => {
    const kind = bareKind(path, folder);
    return kind === undefined ? [] : [{ path, kind }];
  });
}

/** One that lacks all of them; where only some are missing a rehearsal has to show the mistake. */
function bareKind(path: string, folder: string): Kind | undefined {
  const text = readOrNothing(path.startsWith('~/') ? resolve(homedir(), path.slice(2)) : resolve(folder, path));
  const parsed = text === undefined ? undefined : parseConfig(text, path);
  if (parsed?.ok !== true) return undefined;
  const main = parsed.value.find((one) => one.kind === MAIN);
  if (main === undefined || !SECRETS.every((at) => isEmpty(main.root.getIn(at, true)))) return undefined;
  const type = textAt(main.root, 'machine', 'type');
  if (type === 'worker') return 'worker';
  return type === 'controlplane' ? 'controlplane' : undefined;
}

const SECRETS: readonly (readonly string[])[] = [
  ['machine', 'token'],
  ['machine', 'ca'],
  ['cluster', 'id'],
  ['cluster', 'secret'],
  ['cluster', 'token'],
  ['cluster', 'ca'],
];

function readOrNothing(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // The inventory says so itself when the machine is armed.
    return undefined;
  }
}

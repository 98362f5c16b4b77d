import { ok, type Result } from '../core/result.ts';
import type { Inventory, NodeSpec } from '../core/spec.ts';
import { createDispatcher } from '../drivers/factory/http-dispatcher.ts';
import { openFactory } from '../drivers/factory/open-factory.ts';
import { createValidator } from '../drivers/talos-api/validate-config.ts';
import { createTurns } from '../engine/turn.ts';
import { type ResolveOptions, resolveDocument } from '../inventory/resolve-reference.ts';
import type { ConfigMemory } from './config-memory.ts';
import { schematicOf, schematicsFile } from './image-keys.ts';
import { serverFor } from './own-address.ts';
import { createPlanner, type Planner } from './planner.ts';
import { previewScript } from './preview-script.ts';
import type { VaultView } from './vault-view.ts';

export interface SitePlannerParts {
  readonly current: () => Inventory;
  readonly references: ResolveOptions;
  readonly vault: VaultView;
  readonly vaultDir: string;
  readonly configs?: ConfigMemory;
}

/** The planner of a site: its files, its vault, its image factory. */
export function createSitePlanner(parts: SitePlannerParts): Planner {
  const site = () => parts.current().site;
  return createPlanner({
    inventory: parts.current,
    turn: createTurns(),
    serverFor: (spec) => serverFor(site(), spec),
    schematicOf: createSchematics(parts),
    images: parts.vault.images,
    uki: parts.vault.uki,
    file: parts.vault.file,
    document: async (ref) => {
      const bytes = await resolveDocument(ref, parts.references);
      return bytes.ok ? ok(bytes.value.toString('utf8')) : bytes;
    },
    validate: createValidator(),
    ...(parts.configs === undefined ? {} : { configs: parts.configs }),
    script: (spec, rendered) => previewScript(spec, rendered, serverFor(site(), spec), site().ports.http),
  });
}

/** A machine's schematic: written as an id, or as a customization whose id the image factory gives (and a file remembers). */
function createSchematics(parts: SitePlannerParts): (spec: NodeSpec) => Promise<Result<string>> {
  const dispatcher = createDispatcher();
  return (spec) => {
    const { site } = parts.current();
    return schematicOf(spec, { site }, (wish) =>
      openFactory({
        baseUrl: site.talos.factory,
        dispatcher,
        cacheFile: schematicsFile(parts.vaultDir),
      }).schematicId(wish),
    );
  };
}

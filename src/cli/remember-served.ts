import type { Rendered } from '../core/ports.ts';
import { maskText } from '../talos/mask-text.ts';
import type { ConfigMemory } from './config-memory.ts';
import type { InventoryKeeper } from './inventory-keeper.ts';
import { serverFor } from './own-address.ts';
import { previewScript } from './preview-script.ts';

/** What was served last, for the difference on the blast-radius page. */
export function rememberServed(configs: ConfigMemory, inventory: InventoryKeeper, served: Rendered | undefined): void {
  const { site, nodes } = inventory.current();
  const spec = nodes.find((node) => node.name === served?.node);
  if (served?.configText === undefined || spec === undefined) return;
  configs.remember(served.node, served.configText);
  const script = previewScript(spec, served, serverFor(site, spec), site.ports.http);
  if (script.ok) configs.rememberScript(served.node, maskText(script.value));
}

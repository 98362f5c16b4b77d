import { textAt } from './config-documents.ts';
import { type ConfigDraft, documentIn, mainOf, putDocument, removeIn, setIn, warn } from './config-draft.ts';
import { isAtLeast } from './talos-version.ts';

const IN_MAIN = ['machine', 'network', 'hostname'];

/**
 * From 1.12 on the host name is a document, and `talosctl gen config` writes `HostnameConfig {auto: stable}`:
 * a name in `machine.network.hostname` beside it is refused by Talos. So there is one of the two, never both.
 */
export function applyHostName(draft: ConfigDraft): void {
  const { spec, version } = draft;
  const main = mainOf(draft);
  if (main === undefined) return;
  const inMain = textAt(main.root, ...IN_MAIN);
  const document = documentIn(draft, 'HostnameConfig');
  const inDocument = document === undefined ? undefined : textAt(document.root, 'hostname');
  const other = [inMain, inDocument].find((name) => name !== undefined && name !== spec.name);
  if (other !== undefined)
    warn(draft, document ?? main, `host name ${other} is replaced by ${spec.name} of the inventory`);
  if (!isAtLeast(version, 1, 12)) {
    if (inMain !== spec.name) setIn(main, IN_MAIN, spec.name);
    return;
  }
  if (inMain === spec.name && document === undefined) return;
  removeIn(main, IN_MAIN);
  // `auto: off` beside the name is how a patch over `auto: stable` looks: meant, and fine.
  const auto = document === undefined ? undefined : textAt(document.root, 'auto');
  if (inDocument !== spec.name || (auto !== undefined && auto !== 'off')) {
    putDocument(draft, 'HostnameConfig', { hostname: spec.name });
  }
}

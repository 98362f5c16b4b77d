import { textAt } from './config-documents.ts';
import { type ConfigDraft, documentIn, mainOf, putDocument, refuse, removeIn, setIn, warn } from './config-draft.ts';
import { diskMatchExpression, machineInstallFields } from './install-disk.ts';
import { isAtLeast } from './talos-version.ts';

const INSTALL = ['machine', 'install'];

export interface InstallDisk {
  readonly shape: 'machine.install' | 'UnattendedInstallConfig';
  /** The selector as it stands in the configuration, for the screen that is confirmed. */
  readonly by: string;
  readonly image?: string;
}

/** Disk and installer image, in the shape that version and base ask for; `machine.install` is mandatory up to 1.13. */
export function applyInstall(draft: ConfigDraft, installerImage: string | undefined): void {
  const main = mainOf(draft);
  if (main === undefined) return;
  const asDocument = isAtLeast(draft.version, 1, 14) && !main.root.hasIn(INSTALL);
  if (asDocument) putUnattended(draft, installerImage);
  else setInstall(draft, installerImage);
}

/** Up to 1.13, and in 1.14 where the base still has it. `machine.install` and the document exclude each other. */
function setInstall(draft: ConfigDraft, installerImage: string | undefined): void {
  const main = mainOf(draft);
  if (main === undefined) return;
  const rule = draft.spec.talos.disk;
  if (rule !== undefined) {
    const fields = machineInstallFields(rule);
    if (!fields.ok) {
      refuse(draft, undefined, fields.error);
      return;
    }
    const written = textAt(main.root, ...INSTALL, 'disk');
    if (written !== undefined && !('disk' in fields.value && fields.value.disk === written)) {
      warn(draft, main, `machine.install.disk ${written} is replaced by the disk of the inventory`);
    }
    // Talos prefers diskSelector when both are there, so the other one must go.
    for (const key of ['disk', 'diskSelector'] as const) {
      const value = key in fields.value ? fields.value[key as keyof typeof fields.value] : undefined;
      if (value === undefined) removeIn(main, [...INSTALL, key]);
      else if (!(key === 'disk' && written === value)) setIn(main, [...INSTALL, key], value);
    }
  }
  const image = imageFor(textAt(main.root, ...INSTALL, 'image'), installerImage);
  if (image !== undefined) setIn(main, [...INSTALL, 'image'], image);
}

/** Without `image` and `reboot` the node keeps running from the network after the install, so both are always written. */
function putUnattended(draft: ConfigDraft, installerImage: string | undefined): void {
  const document = documentIn(draft, 'UnattendedInstallConfig');
  const rule = draft.spec.talos.disk;
  if (document === undefined && rule === undefined) return;
  const match = rule === undefined ? undefined : diskMatchExpression(rule);
  if (match?.ok === false) {
    refuse(draft, undefined, match.error);
    return;
  }
  const written = document === undefined ? undefined : textAt(document.root, 'installer', 'image');
  const image = imageFor(written, installerImage);
  if (document === undefined) {
    putDocument(draft, 'UnattendedInstallConfig', {
      ...(image === undefined ? {} : { installer: { image } }),
      provisioning: { diskSelector: { match: match?.value }, wipe: true },
      reboot: true,
    });
    return;
  }
  const before = textAt(document.root, 'provisioning', 'diskSelector', 'match');
  if (match !== undefined && before !== match.value) {
    if (before !== undefined) warn(draft, document, `its disk (${before}) is replaced by the disk of the inventory`);
    setIn(document, ['provisioning', 'diskSelector', 'match'], match.value);
  }
  if (image !== undefined) setIn(document, ['installer', 'image'], image);
  if (textAt(document.root, 'reboot') !== 'true') setIn(document, ['reboot'], true);
}

/** Images that generators write by default; any other name is an operator's mirror and stays. */
const DEFAULT_IMAGES: readonly RegExp[] = [
  /^ghcr\.io\/siderolabs\/installer\b/,
  /^factory\.talos\.dev\/(?:metal-)?installer(?:-secureboot)?\//,
];

function imageFor(written: string | undefined, wanted: string | undefined): string | undefined {
  if (wanted === undefined || wanted === written) return undefined;
  if (written === undefined || DEFAULT_IMAGES.some((one) => one.test(written))) return wanted;
  return undefined;
}

/** What ended up in the documents, whoever wrote it: this is what the operator confirms. */
export function installDiskOf(draft: ConfigDraft): InstallDisk | undefined {
  const document = documentIn(draft, 'UnattendedInstallConfig');
  const match = document === undefined ? undefined : textAt(document.root, 'provisioning', 'diskSelector', 'match');
  if (document !== undefined && match !== undefined) {
    const image = textAt(document.root, 'installer', 'image');
    return { shape: 'UnattendedInstallConfig', by: match, ...(image === undefined ? {} : { image }) };
  }
  const main = mainOf(draft);
  if (main === undefined) return undefined;
  const selector: unknown = main.root.getIn([...INSTALL, 'diskSelector']);
  const by =
    selector === undefined ? textAt(main.root, ...INSTALL, 'disk') : JSON.stringify(selector).replaceAll('"', '');
  const image = textAt(main.root, ...INSTALL, 'image');
  return by === undefined ? undefined : { shape: 'machine.install', by, ...(image === undefined ? {} : { image }) };
}

/** `factory.talos.dev/metal-installer/<schematic>:<version>`; the platform-specific name exists from 1.10 on. */
export function installerImageOf(
  factoryUrl: string,
  schematic: string,
  version: { readonly tag: string; readonly major: number; readonly minor: number },
  secureBoot: boolean,
): string {
  const host = factoryUrl.replace(/^https?:\/\//, '').replace(/\/+$/, '');
  const name = version.major > 1 || version.minor >= 10 ? 'metal-installer' : 'installer';
  return `${host}/${name}${secureBoot ? '-secureboot' : ''}/${schematic}:${version.tag}`;
}

import { MAIN, parseConfig } from './config-documents.ts';
import { VOLUME_KINDS } from './remove-disk-writers.ts';

/**
 * Why a configuration may not come with an image that anybody may be sent; undefined: it may. Talos takes it before the
 * one of the machine, so that a machine nobody armed would be installed, and an armed one otherwise than was confirmed.
 */
export function whyNotEmbedded(text: string): string | undefined {
  const parsed = parseConfig(text, 'embedded configuration');
  if (!parsed.ok) return 'its configuration cannot be read';
  for (const { kind } of parsed.value) {
    if (kind === MAIN) return 'it is a whole machine configuration, with which Talos installs itself unasked';
    if (kind === 'UnattendedInstallConfig' || VOLUME_KINDS.has(kind) || kind.startsWith('LVM'))
      return `its ${kind.slice(0, 40)} writes disks`;
  }
  return undefined;
}

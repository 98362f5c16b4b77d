import { type ConfigDraft, mainOf, refuse, removeIn } from './config-draft.ts';

/** Documents that make, format or mount something on a disk, whether Talos is installed or not. */
export const VOLUME_KINDS: ReadonlySet<string> = new Set([
  'VolumeConfig',
  'UserVolumeConfig',
  'RawVolumeConfig',
  'ExistingVolumeConfig',
  'ExternalVolumeConfig',
  'SwapVolumeConfig',
  'RAIDArrayConfig',
  'FilesystemTrimConfig',
]);

/** For a boot that must leave all disks as they are. Volumes are wanted or not by whoever wrote them: they are refused. */
export function removeDiskWriters(draft: ConfigDraft): void {
  const main = mainOf(draft);
  if (main !== undefined) removeIn(main, ['machine', 'install']);
  const kept = draft.documents.filter((one) => one.kind !== 'UnattendedInstallConfig');
  draft.documents.splice(0, draft.documents.length, ...kept);
  if (main?.root.hasIn(['machine', 'disks']) === true)
    refuse(draft, main, 'machine.disks writes disks: a machine that boots from RAM must not have it');
  for (const one of draft.documents)
    if (VOLUME_KINDS.has(one.kind) || one.kind.startsWith('LVM'))
      refuse(draft, one, 'it writes disks: a machine that boots from RAM must not have it');
}

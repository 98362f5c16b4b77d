import type { SeenDisk } from '../../core/seen.ts';

/** What is on a disk, as far as it matters at boot. */
export type DiskContent =
  | { readonly is: 'blank' }
  /** Some system that is not ours: it boots, asks for an address and is quiet. */
  | { readonly is: 'otherSystem'; readonly hostName: string }
  | {
      readonly is: 'talos';
      readonly version: string;
      /** The STATE partition; absent after a reset that left META. */
      readonly configText?: string;
      /** What was installed by UEFI does not boot by BIOS, and the other way round. */
      readonly mode: 'bios' | 'uefi';
    };

export interface SimDisk {
  readonly info: SeenDisk;
  /** Setting it is a write. */
  content: DiskContent;
}

/** A disk that tells of every write: nothing gets onto it unseen. */
export function createSimDisk(
  info: SeenDisk,
  content: DiskContent,
  onWrite: (disk: string, content: DiskContent) => void,
): SimDisk {
  let now = content;
  return {
    info,
    get content() {
      return now;
    },
    set content(next) {
      now = next;
      onWrite(info.name, next);
    },
  };
}

export const findTalos = (disks: readonly SimDisk[]): SimDisk | undefined =>
  disks.find((disk) => disk.content.is === 'talos');

/** The first disk that this firmware can start. */
export function findBootDisk(disks: readonly SimDisk[], mode: 'bios' | 'uefi'): SimDisk | undefined {
  return disks.find(({ content }) => (content.is === 'talos' ? content.mode === mode : content.is === 'otherSystem'));
}

import * as v from 'valibot';
import { choice, flag, longText, map, phraseList, text } from './shape-words.ts';

export const PROFILE_KINDS = ['talos', 'talos-ram', 'inspect', 'linux', 'efi', 'script', 'local'] as const;

/** The keys of all kinds together; which of them a kind takes is in `PROFILE_KEYS`. */
export const profileShape = map(
  {
    kind: v.optional(choice(PROFILE_KINDS)),
    kernel: v.optional(text('debian/vmlinuz')),
    initrds: v.optional(phraseList('debian/initrd.gz')),
    args: v.optional(phraseList('console=ttyS0')),
    userData: v.optional(longText('_profiles/user-data.yaml')),
    metaData: v.optional(longText('_profiles/meta-data.yaml')),
    networkConfig: v.optional(longText('_profiles/network-config.yaml')),
    vendorData: v.optional(longText('_profiles/vendor-data.yaml')),
    file: v.optional(text('memtest.efi')),
    template: v.optional(longText('_profiles/own.ipxe')),
    writesDisk: v.optional(flag),
    reset: v.optional(flag),
  },
  '{ kind: efi, file: memtest.efi }',
);

export type ProfileShape = v.InferOutput<typeof profileShape>;

const LINUX = [
  'kernel',
  'initrds',
  'args',
  'userData',
  'metaData',
  'networkConfig',
  'vendorData',
  'writesDisk',
] as const;

export const PROFILE_KEYS: Readonly<Record<(typeof PROFILE_KINDS)[number], readonly string[]>> = {
  talos: ['reset'],
  'talos-ram': [],
  inspect: [],
  local: [],
  linux: LINUX,
  efi: ['file', 'args', 'writesDisk'],
  script: ['template', 'writesDisk'],
};

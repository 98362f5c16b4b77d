import { join } from 'node:path';
import type { Artefact } from '../core/job.ts';
import type { ArtefactPort, LoadedFile } from '../core/ports.ts';
import { fail, ok, type Result } from '../core/result.ts';
import type { Arch, SiteSpec } from '../core/spec.ts';
import { sameKey, VANILLA_SCHEMATIC, versionTag } from '../drivers/vault/artefact-name.ts';
import { KNOWN_LOADERS } from '../drivers/vault/find-loader.ts';
import type { Vault } from '../drivers/vault/open-vault.ts';
import { messageOf } from '../drivers/vault/vault-error.ts';
import type { VaultEntry } from '../drivers/vault/vault-index.ts';
import { fallbackCmdline } from '../talos/kernel-quirks.ts';
import { parseTalosVersion, type TalosVersion } from '../talos/talos-version.ts';
import { createArtefactLookup } from './artefact-file.ts';
import type { WantedImage } from './image-watch.ts';
import type { Images } from './planner-parts.ts';
import type { ServedFile } from './served-file.ts';
import { createCmdlines } from './vault-cmdlines.ts';

/** The vault as the servers see it: known, proven and in memory as facts, so that an answer never waits for a disk. */
export interface VaultView extends ArtefactPort {
  readonly refresh: () => Promise<readonly string[]>;
  readonly images: (want: {
    readonly schematic: string;
    readonly version: string;
    readonly arch: Arch;
  }) => Promise<Result<Images>>;
  /** A file below the vault that a profile names: hashed now, and served as it is now. */
  readonly file: (path: string) => Promise<Result<Artefact>>;
  readonly uki: (want: Parameters<VaultView['images']>[0]) => Promise<Result<Artefact>>;
  /** By the index alone: nothing is read of the images. */
  readonly lacks: (want: WantedImage) => Promise<boolean>;
  readonly served: () => readonly ServedFile[];
  /** Files that are as they were stored, and that no machine may be sent. */
  readonly refused: () => readonly string[];
  /** By the index as it is on disk now. */
  readonly storedAs: (file: LoadedFile) => Promise<string | undefined>;
}

export function createVaultView(vault: Vault, site: () => SiteSpec): VaultView {
  const loaders = new Map<string, ServedFile>();
  const proven = new Map<string, ServedFile>();
  /** By its path in the index: what is there otherwise than it was stored. */
  const broken = new Map<string, ServedFile>();
  /** By its path in the index: what it holds that it may not. */
  const refused = new Map<string, string>();
  const lookUp = createArtefactLookup(vault.directory);
  let entries: readonly VaultEntry[] = [];

  /** Rule 6: an image is served only after the whole file was read and hashed to what the index says. */
  const prove = async (entry: VaultEntry): Promise<Result<LoadedFile>> => {
    const known = proven.get(entry.path);
    if (known !== undefined && known.sha256 === entry.sha256) return ok(known);
    const readAtMs = Date.now();
    const read = await vault.prove(entry);
    note(entry, read.ok);
    if (!read.ok) return read;
    const carried = await vault
      .carries(entry)
      .catch((error: unknown) => `it cannot be looked into: ${messageOf(error)}`);
    if (carried !== undefined) return refuse(entry, `${entry.path}: ${carried}`);
    refused.delete(entry.path);
    proven.set(entry.path, { ...read.value, indexed: true, isBroken: false, readAtMs });
    return read;
  };

  const isProven = (entry: VaultEntry | undefined): entry is VaultEntry =>
    entry !== undefined && proven.get(entry.path)?.sha256 === entry.sha256;

  const note = ({ path, sha256, sizeBytes }: Artefact, isFine: boolean): void => {
    const about = { indexed: true, isBroken: true, readAtMs: Date.now() };
    if (isFine) broken.delete(path);
    else broken.set(path, { path: join(vault.directory, path), sha256, sizeBytes, ...about });
  };

  /** It is watched as what is damaged: another one may come in its place. */
  const refuse = (entry: VaultEntry, why: string): Result<never> => {
    refused.set(entry.path, why);
    note(entry, false);
    return fail(why);
  };

  const cmdlines = createCmdlines(vault, { note, refuse, accept: ({ path }) => refused.delete(path) });

  /** One that was damaged on disk since goes on from what was read of it: the bytes are those that the index names. */
  const readLoader = async (name: string): Promise<void> => {
    const readAtMs = Date.now();
    const file = await vault.loader(name);
    const entry = entries.find((one) => one.path === `loaders/${name}`);
    if (file.ok) loaders.set(name, { ...file.value, indexed: entry !== undefined, isBroken: false, readAtMs });
    else if (entry === undefined || loaders.get(name)?.sha256 !== entry.sha256) loaders.delete(name);
    if (entry !== undefined) note(entry, file.ok);
  };

  const entryOf = (
    kind: VaultEntry['kind'],
    key: { readonly schematic: string; readonly version: string; readonly arch: Arch },
  ) => entries.find((entry) => entry.kind === kind && sameKey(entry, { ...key, version: versionTag(key.version) }));

  const relist = async (): Promise<void> => {
    const listed = await vault.list();
    if (listed.ok) entries = listed.value;
  };

  /** What is not known may have been added or pulled since by a command in another shell. */
  const find = async (kind: VaultEntry['kind'], want: Parameters<typeof entryOf>[1]) => {
    const known = entryOf(kind, want);
    if (known !== undefined) return known;
    await relist();
    return entryOf(kind, want);
  };

  const cmdlineFor = async (want: Parameters<typeof entryOf>[1]): Promise<Result<string | undefined>> => {
    const known = entryOf('cmdline', want);
    const read = known === undefined ? ok(undefined) : await cmdlines.read(known);
    if (read.ok) return read;
    // Put in anew since, or taken out.
    await relist();
    const entry = entryOf('cmdline', want);
    return entry === undefined ? ok(undefined) : cmdlines.read(entry);
  };

  /** Of strangers. */
  const lineFor = (parsed: TalosVersion, of: Parameters<typeof entryOf>[1]): readonly string[] | undefined =>
    cmdlines.of(entryOf('cmdline', of)) ?? fallbackCmdline(parsed, of.arch);

  return {
    loader: (name) => loaders.get(name),
    artefact: (artefact) => {
      const file = proven.get(artefact.path);
      return file?.sha256 === artefact.sha256 ? file : undefined;
    },
    discovery: (arch) => {
      const { version, schematic = VANILLA_SCHEMATIC } = site().talos;
      if (version === undefined) return undefined;
      const kernel = entryOf('kernel', { version, schematic, arch });
      const initrd = entryOf('initramfs', { version, schematic, arch });
      const parsed = parseTalosVersion(version);
      if (!isProven(kernel) || !isProven(initrd) || !parsed.ok) return undefined;
      const { events, kernelLog } = site().ports;
      const line = lineFor(parsed.value, { version, schematic, arch });
      if (line === undefined) return undefined;
      return {
        kernel,
        initrd,
        args: [...line, `talos.events.sink={server}:${events}`, `talos.logging.kernel=tcp://{server}:${kernelLog}/`],
      };
    },
    async refresh() {
      const listed = await vault.list();
      if (!listed.ok) return [listed.error];
      entries = listed.value;
      for (const path of refused.keys()) if (!entries.some((entry) => entry.path === path)) refused.delete(path);
      const problems: string[] = [];
      const { bios, uefi, arm64 } = site().loaders;
      for (const name of new Set([
        bios,
        uefi,
        arm64,
        ...KNOWN_LOADERS,
        ...entries.filter((one) => one.kind === 'loader').map((one) => one.path.slice('loaders/'.length)),
      ]))
        await readLoader(name);
      for (const arch of ['amd64', 'arm64'] as const) {
        const { version, schematic = VANILLA_SCHEMATIC } = site().talos;
        if (version === undefined) continue;
        for (const kind of ['kernel', 'initramfs'] as const) {
          const entry = entryOf(kind, { version, schematic, arch });
          const read = entry === undefined ? ok(undefined) : await prove(entry);
          if (!read.ok) problems.push(read.error);
        }
        const cmdline = entryOf('cmdline', { version, schematic, arch });
        const problem = cmdline === undefined ? undefined : await cmdlines.refresh(cmdline);
        if (problem !== undefined) problems.push(problem);
        const parsed = parseTalosVersion(version);
        const isThere = isProven(entryOf('kernel', { version, schematic, arch }));
        if (parsed.ok && isThere && lineFor(parsed.value, { version, schematic, arch }) === undefined)
          problems.push(
            `strangers are sent nothing: no command line is known for Talos ${parsed.value.tag}: pull or add its cmdline-metal-${arch} file`,
          );
      }
      return problems;
    },
    async file(path) {
      const about = { indexed: false, isBroken: false, readAtMs: Date.now() };
      const found = await lookUp(path);
      if (found.ok)
        proven.set(found.value.path, { ...found.value, path: join(vault.directory, found.value.path), ...about });
      return found;
    },
    served: () => [
      ...new Map(
        [...broken.values(), ...cmdlines.served(), ...proven.values(), ...loaders.values()].map((one) => [
          one.path,
          one,
        ]),
      ).values(),
    ],
    refused: () => [...refused.values()],
    async storedAs({ path }) {
      const listed = await vault.list();
      if (!listed.ok) return undefined;
      return listed.value.find((entry) => join(vault.directory, entry.path) === path)?.sha256;
    },
    async lacks({ isSecure, ...want }) {
      if (isSecure) return (await find('secureUki', want)) === undefined;
      return (await find('kernel', want)) === undefined || (await find('initramfs', want)) === undefined;
    },
    async uki(want) {
      const entry = await find('secureUki', want);
      if (entry === undefined) return fail(`the signed UKI of ${notThere(want)} --secure-boot`);
      const read = await prove(entry);
      const { path, sha256, sizeBytes } = entry;
      return read.ok ? ok({ path, sha256, sizeBytes }) : read;
    },
    async images(want) {
      const kernel = await find('kernel', want);
      const initrd = await find('initramfs', want);
      if (kernel === undefined || initrd === undefined) {
        return fail(notThere(want));
      }
      for (const entry of [kernel, initrd]) {
        const read = await prove(entry);
        if (!read.ok) return read;
      }
      const cmdline = await cmdlineFor(want);
      if (!cmdline.ok) return cmdline;
      const plain = ({ path, sha256, sizeBytes }: VaultEntry): Artefact => ({ path, sha256, sizeBytes });
      return ok({ kernel: plain(kernel), initrd: plain(initrd), cmdline: cmdline.value });
    },
  };
}

const notThere = ({ version, schematic, arch }: Parameters<VaultView['images']>[0]): string =>
  `Talos ${version} (schematic ${schematic.slice(0, 12)}, ${arch}) is not in the vault: crashcart images pull --version ${version} --schematic ${schematic} --arch ${arch}`;

import type { ArtefactPort, LoadedFile } from '../core/ports.ts';
import type { NodeSpec, SiteSpec } from '../core/spec.ts';
import type { ArchRow, Cpu } from '../protocols/dhcp/arch-table.ts';

/** Names of boot loaders by what the firmware can run, best first. The site's own come before all of them. */
interface LoaderRow {
  readonly family: 'ipxe-bios' | 'ipxe-efi';
  readonly cpu: readonly Cpu[];
  readonly site: keyof SiteSpec['loaders'] | undefined;
  /** Tried in turn when a machine hangs with the one before. */
  readonly others: readonly string[];
}

const ROWS: readonly LoaderRow[] = [
  // undionly uses the ROM's own driver, ipxe.pxe brings all of iPXE's: where one hangs, the other often runs.
  { family: 'ipxe-bios', cpu: ['x86', 'amd64'], site: 'bios', others: ['undionly.kpxe', 'ipxe.pxe'] },
  // snponly uses the NIC driver of the firmware; ipxe.efi of 2019 hangs on `exit` under OVMF, snponly does not.
  { family: 'ipxe-efi', cpu: ['amd64'], site: 'uefi', others: ['snponly.efi', 'ipxe.efi'] },
  { family: 'ipxe-efi', cpu: ['arm64'], site: 'arm64', others: ['snponly-arm64.efi', 'ipxe-arm64.efi'] },
  { family: 'ipxe-efi', cpu: ['x86'], site: undefined, others: ['ipxe-ia32.efi', 'ipxe-i386.efi'] },
  { family: 'ipxe-efi', cpu: ['arm32'], site: undefined, others: ['ipxe-arm32.efi'] },
  { family: 'ipxe-efi', cpu: ['riscv64'], site: undefined, others: ['ipxe-riscv64.efi'] },
  { family: 'ipxe-efi', cpu: ['riscv32'], site: undefined, others: ['ipxe-riscv32.efi'] },
  { family: 'ipxe-efi', cpu: ['loongarch64'], site: undefined, others: ['ipxe-loong64.efi'] },
];

export type LoaderChoice =
  | { readonly ok: true; readonly name: string; readonly file: LoadedFile }
  | { readonly ok: false; readonly why: string };

/** Only names that are served: an advertised file that is not there would hang the machine at "file not found". */
export function chooseLoader(
  site: SiteSpec,
  artefacts: ArtefactPort,
  arch: ArchRow | undefined,
  node: { readonly spec: NodeSpec; readonly loaderVariant: number } | undefined,
): LoaderChoice {
  if (arch === undefined) return { ok: false, why: 'its firmware names no architecture that is known (option 93)' };
  const row = ROWS.find((one) => one.family === arch.loader && one.cpu.includes(arch.cpu));
  if (row === undefined) return { ok: false, why: `there is no boot loader for ${arch.name}` };
  const own = node?.spec.loader ?? (row.site === undefined ? undefined : site.loaders[row.site]);
  const wanted = own === undefined || (node?.loaderVariant ?? 0) > 0 ? undefined : artefacts.loader(own);
  // Nearly every machine boots with the first choice.
  if (own !== undefined && wanted !== undefined) return { ok: true, name: own, file: wanted };
  const first = [node?.spec.loader, row.site === undefined ? undefined : site.loaders[row.site]];
  const names = [...new Set([...first, ...row.others].filter((name) => name !== undefined))];
  const served = names.flatMap((name) => {
    const file = artefacts.loader(name);
    return file === undefined ? [] : [{ name, file }];
  });
  const chosen = served[(node?.loaderVariant ?? 0) % Math.max(1, served.length)];
  if (chosen === undefined)
    return { ok: false, why: `no boot loader for ${arch.name} is there: add ${names.join(' or ')}` };
  return { ok: true, ...chosen };
}

/** Everything that DHCP may name, for the test that all of it is served. */
export function loaderNames(site: SiteSpec): readonly string[] {
  const own = [site.loaders.bios, site.loaders.uefi, site.loaders.arm64];
  return [...new Set([...own, ...ROWS.flatMap((row) => row.others)])];
}

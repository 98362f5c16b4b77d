import type { SchematicExtras, SiteSpec, TalosSpec } from '../core/spec.ts';
import { given } from './given.ts';
import type { MachineShape } from './machine-shape.ts';
import { splitArguments } from './parse-reference.ts';
import type { Reading } from './read-shape.ts';
import { quote } from './report.ts';

/** The factory's name of a schematic: the SHA-256 of its canonical YAML. */
export const parseSchematicId = (text: string): string | undefined =>
  /^[0-9a-f]{64}$/i.test(text) ? text.toLowerCase() : undefined;

export const explainSchematic = (text: string): string =>
  `${quote(text)} is no schematic; expected 64 hex digits, found ${text.length} characters`;

/** In a schematic they would end up on the disk of every machine that is installed from it. */
const ONE_BOOT = /^-?talos\.(?:config|experimental\.wipe|halt_if_installed|events\.sink|logging\.kernel)\b/;

type Written = NonNullable<NonNullable<MachineShape['talos']>['schematic']>;
type Customized = Exclude<Written, string | readonly string[]>;
type Schematic = Pick<TalosSpec, 'schematic' | 'extensions' | 'customization'>;

/** An id, a list of extensions, or everything that the image factory adds to plain Talos. */
export function parseSchematic(reading: Reading<MachineShape>, site: SiteSpec): Schematic {
  const { report, at } = reading;
  const { schematic, extensions } = reading.value.talos ?? {};
  if (schematic !== undefined && extensions !== undefined)
    report.error(at('talos', 'extensions'), 'talos.extensions and talos.schematic exclude each other; keep one');
  checkExtensions(reading, extensions ?? [], ['talos', 'extensions']);
  if (schematic === undefined)
    return extensions === undefined ? given({ schematic: site.talos.schematic }) : { extensions };
  if (typeof schematic === 'string') {
    const id = parseSchematicId(schematic);
    if (id === undefined) report.error(at('talos', 'schematic'), `talos.schematic: ${explainSchematic(schematic)}`);
    return given({ schematic: id, extensions });
  }
  if (!isCustomized(schematic)) {
    checkExtensions(reading, schematic, ['talos', 'schematic']);
    return { extensions: schematic };
  }
  checkExtensions(reading, schematic.extensions ?? [], ['talos', 'schematic', 'extensions']);
  return { extensions: schematic.extensions ?? [], customization: extrasOf(reading, schematic) };
}

const isCustomized = (schematic: Exclude<Written, string>): schematic is Customized => !Array.isArray(schematic);

function checkExtensions(
  { report, at }: Reading<MachineShape>,
  names: readonly string[],
  path: readonly string[],
): void {
  for (const [index, name] of names.entries()) {
    if (/^[a-z0-9-]+\/[a-z0-9._-]+$/.test(name)) continue;
    report.error(at(...path, index), `${path.join('.')}: ${quote(name)}; expected siderolabs/iscsi-tools`);
  }
}

function extrasOf({ report, at, isBroken }: Reading<MachineShape>, schematic: Customized): SchematicExtras {
  const path = ['talos', 'schematic'] as const;
  const kernelArgs = (schematic.kernelArgs ?? []).flatMap(splitArguments);
  for (const arg of kernelArgs) {
    if (!ONE_BOOT.test(arg)) continue;
    report.error(
      at(...path, 'kernelArgs'),
      `talos.schematic.kernelArgs: ${quote(arg)} is for one boot; a schematic's arguments end up on the disk`,
    );
  }
  const meta = (schematic.meta ?? []).flatMap(({ key, value }, index) => {
    if (key !== undefined && value !== undefined) return [{ key, value }];
    const isSaid = isBroken(...path, 'meta', index, 'key') || isBroken(...path, 'meta', index, 'value');
    if (!isSaid)
      report.error(at(...path, 'meta', index), 'talos.schematic.meta: expected { key: 10, value: … }, both of them');
    return [];
  });
  const { image, name, options } = schematic.overlay ?? {};
  if (schematic.overlay !== undefined && (image === undefined || name === undefined))
    report.error(
      at(...path, 'overlay'),
      'talos.schematic.overlay: expected { name: rpi_generic, image: siderolabs/sbc-raspberrypi }, both of them',
    );
  const overlay = image === undefined || name === undefined ? undefined : given({ image, name, options });
  return given({ kernelArgs, meta, overlay });
}

import { whyNoArgument } from '../core/kernel-argument.ts';
import type { DocumentRef, SiteSpec, TalosSpec } from '../core/spec.ts';
import { given } from './given.ts';
import type { MachineShape } from './machine-shape.ts';
import { parseDisk } from './parse-disk.ts';
import { parseDocumentRef, splitArguments } from './parse-reference.ts';
import { parseSchematic } from './parse-schematic.ts';
import type { Reading } from './read-shape.ts';
import { quote } from './report.ts';

/** `v1.13.9`, also without the v; undefined for anything else, such as `v1.13` or `latest`. */
export function parseTalosVersion(text: string): string | undefined {
  const match = /^v?(\d{1,3}\.\d{1,3}\.\d{1,3}(?:-[0-9A-Za-z.-]+)?)$/.exec(text);
  return match === null ? undefined : `v${match[1]}`;
}

export const explainVersion = (text: string): string =>
  `${quote(text)} is no Talos version; expected all three numbers, such as v1.13.9`;

/** What no file may say: a wipe belongs to a job that a person arms, once; the rest is written by crashcart itself. */
const RESERVED: readonly [pattern: RegExp, why: string][] = [
  [/^talos\.experimental\.wipe\b/, 'would wipe at every boot; use the job "wipe" or "reinstall"'],
  [/^talos\.halt_if_installed\b/, 'is set by the job'],
  [/^talos\.config(\.early|\.inline)?(=|$)/, 'is set by crashcart, with a token of its own; use talos.config:'],
];

function parseArguments({ value, report, at }: Reading<MachineShape>): string[] {
  return (value.talos?.kernelArgs ?? []).flatMap((line, index) => {
    const args = splitArguments(line);
    for (const arg of args) {
      const why = RESERVED.find(([pattern]) => pattern.test(arg))?.[1] ?? whyNoArgument(arg);
      if (why !== undefined) report.error(at('talos', 'kernelArgs', index), `kernelArgs: ${quote(arg)} ${why}`);
    }
    return args;
  });
}

function parseVersion({ value, report, at }: Reading<MachineShape>, site: SiteSpec): string | undefined {
  const written = value.talos?.version;
  if (written === undefined) return site.talos.version;
  const version = parseTalosVersion(written);
  if (version === undefined) report.error(at('talos', 'version'), `talos.version: ${explainVersion(written)}`);
  return version;
}

export function parseTalos(reading: Reading<MachineShape>, site: SiteSpec): TalosSpec {
  const { report, at } = reading;
  const talos = reading.value.talos ?? {};
  const document = (text: string, ...path: (string | number)[]): DocumentRef[] => {
    const ref = parseDocumentRef(text);
    if (ref.ok) return [ref.value];
    report.error(at('talos', ...path), `talos.${path[0]}: ${ref.error}`);
    return [];
  };
  const [config] = talos.config === undefined ? [] : document(talos.config, 'config');
  return given({
    version: parseVersion(reading, site),
    ...parseSchematic(reading, site),
    kernelArgs: parseArguments(reading),
    kernelArgsReplace: talos.kernelArgsReplace ?? false,
    disk: parseDisk(reading, site),
    config,
    patches: (talos.patches ?? []).flatMap((text, index) => document(text, 'patches', index)),
    install: talos.install ?? false,
  });
}

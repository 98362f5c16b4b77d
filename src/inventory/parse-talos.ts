import type { DocumentRef, SiteSpec, TalosSpec } from '../core/spec.ts';
import { given } from './given.ts';
import type { MachineShape } from './machine-shape.ts';
import { parseDisk } from './parse-disk.ts';
import { parseDocumentRef } from './parse-reference.ts';
import type { Reading } from './read-shape.ts';
import { quote } from './report.ts';

/** `v1.13.9`, also without the v; undefined for anything else, such as `v1.13` or `latest`. */
export function parseTalosVersion(text: string): string | undefined {
  const match = /^v?(\d{1,3}\.\d{1,3}\.\d{1,3}(?:-[0-9A-Za-z.-]+)?)$/.exec(text);
  return match === null ? undefined : `v${match[1]}`;
}

export const explainVersion = (text: string): string =>
  `${quote(text)} is no Talos version; expected all three numbers, such as v1.13.9`;

/** The factory's name of a schematic: the SHA-256 of its canonical YAML. */
export const parseSchematic = (text: string): string | undefined =>
  /^[0-9a-f]{64}$/i.test(text) ? text.toLowerCase() : undefined;

export const explainSchematic = (text: string): string =>
  `${quote(text)} is no schematic; expected 64 hex digits, found ${text.length} characters`;

/** What no file may say: a wipe belongs to a job that a person arms, once; the rest is written by crashcart itself. */
const RESERVED: readonly [pattern: RegExp, why: string][] = [
  [/^talos\.experimental\.wipe\b/, 'would wipe at every boot; use the job "wipe" or "reinstall"'],
  [/^talos\.halt_if_installed\b/, 'is set by the job'],
  [/^talos\.config(\.early|\.inline)?(=|$)/, 'is set by crashcart, with a token of its own; use talos.config:'],
];

/** Splits a command line at blanks outside of double quotes, as the kernel does. */
export const splitArguments = (line: string): string[] => line.match(/(?:[^\s"]|"[^"]*"?)+/g) ?? [];

function parseArguments({ value, report, at }: Reading<MachineShape>): string[] {
  const args = (value.talos?.kernelArgs ?? []).flatMap(splitArguments);
  for (const arg of args) {
    const why = RESERVED.find(([pattern]) => pattern.test(arg))?.[1];
    if (why !== undefined) report.error(at('talos', 'kernelArgs'), `kernelArgs: ${quote(arg)} ${why}`);
    // iPXE expands these itself, before Linux sees them.
    if (/[$][{]/.test(arg)) {
      report.error(at('talos', 'kernelArgs'), `kernelArgs: iPXE would expand ${quote(arg)}; write the value itself`);
    }
  }
  return args;
}

/** The site's version and schematic stand in for what a machine does not say; extensions ask for a schematic of their own. */
function parseVersions(reading: Reading<MachineShape>, site: SiteSpec): Pick<TalosSpec, 'version' | 'schematic'> {
  const { report, at } = reading;
  const talos = reading.value.talos ?? {};
  const version = talos.version === undefined ? site.talos.version : parseTalosVersion(talos.version);
  if (talos.version !== undefined && version === undefined) {
    report.error(at('talos', 'version'), `talos.version: ${explainVersion(talos.version)}`);
  }
  const ofSite = talos.extensions === undefined ? site.talos.schematic : undefined;
  const schematic = talos.schematic === undefined ? ofSite : parseSchematic(talos.schematic);
  if (talos.schematic !== undefined && schematic === undefined) {
    report.error(at('talos', 'schematic'), `talos.schematic: ${explainSchematic(talos.schematic)}`);
  }
  if (talos.schematic !== undefined && talos.extensions !== undefined) {
    report.error(at('talos', 'extensions'), 'talos.extensions and talos.schematic exclude each other; keep one');
  }
  for (const [index, name] of (talos.extensions ?? []).entries()) {
    if (/^[a-z0-9.-]+\/[a-z0-9._-]+$/.test(name)) continue;
    report.error(at('talos', 'extensions', index), `talos.extensions: ${quote(name)}; expected siderolabs/iscsi-tools`);
  }
  return given({ version, schematic });
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
    ...parseVersions(reading, site),
    extensions: talos.extensions,
    kernelArgs: parseArguments(reading),
    kernelArgsReplace: talos.kernelArgsReplace ?? false,
    disk: parseDisk(reading, site),
    config,
    patches: (talos.patches ?? []).flatMap((text, index) => document(text, 'patches', index)),
    install: talos.install ?? false,
  });
}

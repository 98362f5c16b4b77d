import { createHash } from 'node:crypto';
import { fail, ok, type Result } from '../core/result.ts';
import type { NodeSpec } from '../core/spec.ts';
import { applyHostName } from './apply-host-name.ts';
import { applyInstall, type InstallDisk, installDiskOf } from './apply-install.ts';
import { applyNetwork } from './apply-network.ts';
import { applyFirmwareReboot, applyReporting } from './apply-reporting.ts';
import { checkConfig } from './check-config.ts';
import { type ConfigDocument, type ConfigProblem, parseConfig, renderDocuments } from './config-documents.ts';
import type { ConfigDraft } from './config-draft.ts';
import { mergePatch } from './merge-config.ts';
import { removeDiskWriters } from './remove-disk-writers.ts';
import { parseTalosVersion } from './talos-version.ts';

export interface ConfigInput {
  /** One or more YAML documents, from talosctl or talhelper. */
  readonly base: string;
  readonly patches: readonly string[];
  readonly spec: NodeSpec;
  readonly version: string;
  readonly endpoints: {
    /** `host:port` */
    readonly eventSink?: string;
    /** `tcp://host:port/` */
    readonly kernelLog?: string;
  };
  /** Of the schematic and version that are booted, see `installerImageOf`. */
  readonly installerImage?: string;
  /** `ram`: nothing that could write a disk is left in it, or there is none. */
  readonly purpose?: 'install' | 'ram';
}

export interface RenderedConfig {
  /** Holds secrets: shown only through `maskConfig`, served once, never logged. */
  readonly text: string;
  readonly hash: string;
  readonly documents: readonly { readonly kind: string; readonly name: string }[];
  readonly installDisk?: InstallDisk;
  readonly warnings: readonly ConfigProblem[];
}

export function renderConfig(input: ConfigInput): Result<RenderedConfig, readonly ConfigProblem[]> {
  const version = parseTalosVersion(input.version);
  if (!version.ok) return fail([{ document: 'inventory', severity: 'error', message: version.error }]);
  const merged = mergeAll(input);
  if (!merged.ok) return merged;
  const draft: ConfigDraft = { spec: input.spec, version: version.value, documents: merged.value, problems: [] };
  applyHostName(draft);
  applyNetwork(draft);
  const ram = input.purpose === 'ram';
  if (ram) removeDiskWriters(draft);
  else applyInstall(draft, input.installerImage);
  applyFirmwareReboot(draft);
  applyReporting(draft, input.endpoints);
  if (draft.problems.some((one) => one.severity === 'error')) return fail(draft.problems);
  const text = renderDocuments(draft.documents);
  const problems = [...draft.problems, ...checkConfig(text, input.version, input.spec, ram ? 'ram' : 'install')];
  if (problems.some((one) => one.severity === 'error')) return fail(problems);
  const installDisk = installDiskOf(draft);
  return ok({
    text,
    hash: configHash(text),
    documents: draft.documents.map(({ kind, name }) => ({ kind, name })),
    ...(installDisk === undefined ? {} : { installDisk }),
    warnings: problems,
  });
}

export function configHash(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function mergeAll({ base, patches }: ConfigInput): Result<ConfigDocument[], readonly ConfigProblem[]> {
  const parsed = parseConfig(base, 'base');
  if (!parsed.ok) return parsed;
  let documents = parsed.value;
  for (const [index, text] of patches.entries()) {
    const from = `patch ${index + 1}`;
    const patch = parseConfig(text, from);
    if (!patch.ok) return patch;
    const merged = mergePatch(documents, patch.value, from);
    if (merged.problems.length > 0) return fail(merged.problems);
    documents = merged.documents;
  }
  return ok(documents);
}

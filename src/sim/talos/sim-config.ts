import { gunzipSync } from 'node:zlib';
import { fail, ok, type Result } from '../../core/result.ts';
import type { SeenDisk } from '../../core/seen.ts';
import { type ConfigDocument, MAIN, parseConfig, textAt } from '../../talos/config-documents.ts';
import { type HostPort, parseHostPort } from '../wire/loopback.ts';
import { diskFacts, matchesExpression } from './match-expression.ts';
import { selectorExpression } from './selector-expression.ts';

/** What the simulated Talos takes from a machine configuration. */
export interface SimConfig {
  readonly text: string;
  /** With a v1alpha1 document: the search for a configuration is over. */
  readonly isComplete: boolean;
  readonly machineType: string;
  readonly hostName: string | undefined;
  readonly eventSink: HostPort | undefined;
  readonly kernelLogs: readonly string[];
  readonly kexecDisabled: boolean;
  readonly install: SimInstall | undefined;
}

export interface SimInstall {
  readonly shape: 'machine.install' | 'UnattendedInstallConfig';
  /** As it stands in the configuration. */
  readonly by: string;
  readonly image: string;
  readonly version: string;
  readonly reboots: boolean;
  readonly choose: (disks: readonly SeenDisk[]) => Result<SeenDisk>;
}

const NO_KEXEC = 'kernel.kexec_load_disabled';
const GZIP_MAGIC = 0x1f8b;
const MAX_UNPACKED_BYTES = 8 * 1024 * 1024;

/** The body as it came over HTTP: YAML, or gzip of it. The error is the text of Talos' own ConfigLoadErrorEvent. */
export function parseSimConfig(body: Buffer): Result<SimConfig> {
  const text = unpack(body);
  if (!text.ok) return text;
  if (text.value.trim() === '') return fail('error loading machine configuration: config not found');
  const parsed = parseConfig(text.value, 'config');
  if (!parsed.ok) {
    const [first] = parsed.error;
    const line = first?.line === undefined ? '' : `line ${first.line}: `;
    return fail(`error loading machine configuration: ${line}${first?.message ?? 'no YAML'}`);
  }
  const documents = parsed.value;
  const main = documents.find((one) => one.kind === MAIN);
  const machineType = main === undefined ? '' : (textAt(main.root, 'machine', 'type') ?? '');
  if (main !== undefined && !['controlplane', 'worker', 'init'].includes(machineType)) {
    return fail(`error validating machine configuration: machine type ${machineType || '(empty)'} is unknown`);
  }
  const install = main === undefined ? ok(undefined) : installOf(documents, main);
  if (!install.ok) return install;
  return ok({ ...settingsOf(documents, main), text: text.value, machineType, install: install.value });
}

function unpack(body: Buffer): Result<string> {
  if (body.length < 2 || body.readUInt16BE(0) !== GZIP_MAGIC) return ok(body.toString());
  try {
    return ok(gunzipSync(body, { maxOutputLength: MAX_UNPACKED_BYTES }).toString());
  } catch {
    return fail('error loading machine configuration: gzip: invalid data');
  }
}

function settingsOf(documents: readonly ConfigDocument[], main: ConfigDocument | undefined) {
  const of = (kind: string) => documents.filter((one) => one.kind === kind);
  const [hostname] = of('HostnameConfig');
  const [sinkDocument] = of('EventSinkConfig');
  const sink = parseHostPort(sinkDocument === undefined ? '' : (textAt(sinkDocument.root, 'endpoint') ?? ''));
  const sysctls = [
    main === undefined ? undefined : textAt(main.root, 'machine', 'sysctls', NO_KEXEC),
    ...of('SysctlConfig').map((one) => textAt(one.root, 'params', NO_KEXEC)),
  ];
  return {
    isComplete: main !== undefined,
    hostName:
      (hostname === undefined ? undefined : textAt(hostname.root, 'hostname')) ??
      (main === undefined ? undefined : textAt(main.root, 'machine', 'network', 'hostname')),
    eventSink: sink.ok ? sink.value : undefined,
    kernelLogs: of('KmsgLogConfig').flatMap((one) => textAt(one.root, 'url') ?? []),
    kexecDisabled: sysctls.includes('1'),
  };
}

function versionOf(image: string): string {
  return /:(v\d+\.\d+\.\d+[\w.-]*)$/.exec(image)?.[1] ?? 'v1.13.9';
}

function installOf(documents: readonly ConfigDocument[], main: ConfigDocument): Result<SimInstall | undefined> {
  const unattended = documents.find((one) => one.kind === 'UnattendedInstallConfig');
  const legacy = main.root.hasIn(['machine', 'install']);
  if (unattended !== undefined && legacy) {
    return fail('error validating machine configuration: UnattendedInstallConfig and machine.install are exclusive');
  }
  if (unattended !== undefined) return unattendedOf(unattended);
  return legacy ? ok(legacyOf(main)) : ok(undefined);
}

function unattendedOf(document: ConfigDocument): Result<SimInstall> {
  const match = textAt(document.root, 'provisioning', 'diskSelector', 'match');
  if (match === undefined) {
    return fail('error validating machine configuration: UnattendedInstallConfig: diskSelector.match is required');
  }
  const image = textAt(document.root, 'installer', 'image');
  return ok({
    shape: 'UnattendedInstallConfig',
    by: match,
    image: image ?? 'factory.talos.dev/metal-installer',
    version: versionOf(image ?? ''),
    reboots: textAt(document.root, 'reboot') === 'true' || (image !== undefined && !document.root.has('reboot')),
    choose: (disks) => chooseBy(match, disks, `no disk matched the expression: ${match}`),
  });
}

/** Talos takes the first that matches, and counts no others. */
function chooseBy(expression: string, disks: readonly SeenDisk[], none: string): Result<SeenDisk> {
  for (const disk of disks) {
    const matched = matchesExpression(expression, diskFacts(disk));
    if (!matched.ok) return matched;
    if (matched.value) return ok(disk);
  }
  return fail(none);
}

const SELECTOR_KEYS = ['size', 'model', 'serial', 'wwid', 'type', 'busPath'] as const;

function legacyOf(main: ConfigDocument): SimInstall {
  const at = (...path: string[]) => textAt(main.root, 'machine', 'install', ...path);
  const fields = SELECTOR_KEYS.flatMap((key) => {
    const value = at('diskSelector', key);
    return value === undefined ? [] : [[key, value] as const];
  });
  const path = at('disk');
  const by = fields.length > 0 ? fields.map(([key, value]) => `${key}: ${value}`).join(', ') : (path ?? '(none)');
  const image = at('image') ?? '';
  return {
    shape: 'machine.install',
    by,
    image,
    version: versionOf(image),
    reboots: true,
    choose: (disks) => {
      const none = `no disk found matching provided parameters (${by})`;
      if (fields.length === 0) {
        const named = disks.find((one) => path === `/dev/${one.name}` || one.byId?.includes(path ?? '') === true);
        return named === undefined ? fail(none) : ok(named);
      }
      const expression = selectorExpression(Object.fromEntries(fields));
      return expression.ok ? chooseBy(expression.value, disks, none) : expression;
    },
  };
}

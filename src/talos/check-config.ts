import { isMap, isScalar, isSeq } from 'yaml';
import type { NodeSpec } from '../core/spec.ts';
import { checkInstall } from './check-install.ts';
import { checkWorkerKeys } from './check-worker-keys.ts';
import type { ConfigCheck } from './config-check.ts';
import {
  type ConfigDocument,
  type ConfigProblem,
  isEmpty,
  MAIN,
  parseConfig,
  textAt,
  titleOf,
} from './config-documents.ts';
import { KIND_SINCE, KUBERNETES_RANGE, TWINS } from './config-kinds.ts';
import { parseTalosVersion } from './talos-version.ts';

/** What can be known without `talosctl`: what Talos refuses for sure is an error, what looks wrong a warning. */
export function checkConfig(
  text: string,
  version: string,
  spec: NodeSpec,
  purpose: 'install' | 'ram' = 'install',
): readonly ConfigProblem[] {
  const parsedVersion = parseTalosVersion(version);
  if (!parsedVersion.ok) return [{ document: 'inventory', severity: 'error', message: parsedVersion.error }];
  const parsed = parseConfig(text, 'configuration');
  if (!parsed.ok) return parsed.error;
  const problems: ConfigProblem[] = [];
  const check: ConfigCheck = {
    spec,
    version: parsedVersion.value,
    documents: parsed.value,
    report: (severity, document, path, message) => {
      problems.push({
        document: document === undefined ? 'configuration' : titleOf(document),
        line: document?.line ?? 1,
        ...(path === '' ? {} : { path }),
        severity,
        message,
      });
    },
  };
  const mains = parsed.value.filter((one) => one.kind === MAIN);
  const [main] = mains;
  if (main === undefined)
    check.report(
      'error',
      undefined,
      '',
      'no document with `version: v1alpha1`: this is only a part of a configuration',
    );
  if (mains.length > 1)
    check.report('error', mains[1], '', 'a second document without `kind`: only one v1alpha1 document can be there');
  checkKinds(check);
  if (main !== undefined) {
    checkMain(check, main);
    checkTwins(check, main);
    if (purpose === 'install') checkInstall(check, main);
  }
  checkReporting(check);
  return problems;
}

/** Of the v1alpha1 document. Deeper keys are left to `talosctl validate`, which knows them all. */
const TOP_KEYS: readonly string[] = ['version', 'debug', 'persist', 'machine', 'cluster'];
const TYPES: readonly string[] = ['controlplane', 'worker', 'init'];

/** A kind of a newer Talos is refused at the node, after the disk was chosen: better here. */
function checkKinds({ documents, version, report }: ConfigCheck): void {
  const seen = new Set<string>();
  for (const document of documents) {
    const title = titleOf(document);
    if (seen.has(title) && document.kind !== MAIN) report('error', document, '', 'this document is there twice');
    seen.add(title);
    if (document.kind === MAIN) continue;
    if (document.apiVersion !== 'v1alpha1') report('error', document, 'apiVersion', 'must be v1alpha1');
    const since = KIND_SINCE[document.kind];
    if (since === undefined) {
      if (!document.kind.startsWith('LVM'))
        report('warning', document, 'kind', 'this kind of document is not known here');
    } else if (version.major === 1 && version.minor < since) {
      report(
        'error',
        document,
        'kind',
        `${document.kind} exists from Talos 1.${since} on, and the node boots ${version.tag}`,
      );
    }
  }
}

function checkMain({ report, documents, spec }: ConfigCheck, main: ConfigDocument): void {
  const { root } = main;
  if (textAt(root, 'version') !== 'v1alpha1') report('error', main, 'version', 'must be v1alpha1');
  for (const pair of root.items) {
    const key = isScalar(pair.key) ? String(pair.key.value) : '';
    if (!TOP_KEYS.includes(key)) report('error', main, key, 'Talos refuses keys that it does not know');
  }
  for (const key of ['machine', 'cluster']) {
    if (root.has(key) && !isMap(root.get(key, true))) report('error', main, key, 'must be a map of settings');
  }
  const type = textAt(root, 'machine', 'type');
  if (type === undefined || !TYPES.includes(type)) {
    report('error', main, 'machine.type', `must be controlplane or worker, not ${type ?? 'empty'}`);
  } else checkRole({ report, spec, documents }, main, type);
  if (textAt(root, 'machine', 'token') === undefined)
    report('error', main, 'machine.token', 'is missing: the node could not join');
  const endpoint = endpointOf(documents, main);
  if (endpoint === undefined) report('error', main, 'cluster.controlPlane.endpoint', 'is missing');
  else if (!isHttpsUrl(endpoint)) report('error', main, 'cluster.controlPlane.endpoint', 'must be an https:// URL');
}

/** The wrong file for a machine is the mistake that costs a cluster: a worker that holds its keys, or a second brain. */
function checkRole(
  { report, spec, documents }: Pick<ConfigCheck, 'report' | 'spec' | 'documents'>,
  main: ConfigDocument,
  type: string,
): void {
  const isControlPlane = type !== 'worker';
  const role = spec.role.toLowerCase().replace(/[^a-z]/g, '');
  if ((role === 'worker' && isControlPlane) || (['controlplane', 'master'].includes(role) && !isControlPlane)) {
    report('error', main, 'machine.type', `is ${type}, and the inventory calls this machine ${spec.role}`);
  }
  const hasKey = textAt(main.root, 'machine', 'ca', 'key') !== undefined;
  if (isControlPlane && !hasKey) report('error', main, 'machine.ca.key', 'is missing: a control plane must have it');
  if (!isControlPlane) checkWorkerKeys({ report, documents });
}

/** What Talos refuses only when it has both halves before it. */
function checkTwins({ documents, report }: ConfigCheck, main: ConfigDocument): void {
  for (const { kind, path } of TWINS) {
    const document = documents.find((one) => one.kind === kind);
    const twin = main.root.getIn(path, true);
    // Generated configurations carry `{}` where nothing is set.
    if (document === undefined || isEmpty(twin) || (isMap(twin) && twin.items.length === 0)) continue;
    report(
      'error',
      document,
      path.join('.'),
      `${path.join('.')} and ${kind} exclude each other: Talos refuses both together`,
    );
  }
  const hostname = documents.find((one) => one.kind === 'HostnameConfig');
  const auto = hostname === undefined ? undefined : textAt(hostname.root, 'auto');
  if (hostname?.root.has('hostname') === true && auto !== undefined && auto !== 'off') {
    report('error', hostname, 'auto', 'a host name and `auto` other than off exclude each other');
  }
  const interfaces = main.root.getIn(['machine', 'network', 'interfaces'], true);
  if (!isSeq(interfaces)) return;
  for (const item of interfaces.items) {
    const name = isMap(item) ? textAt(item, 'interface') : undefined;
    const twin = documents.find((one) => ['LinkConfig', 'BondConfig'].includes(one.kind) && one.name === name);
    if (twin !== undefined) report('error', twin, '', `${name} is configured in machine.network.interfaces too`);
  }
}

/** No fault for Talos, and a blind spot for whoever waits in front of the rack. */
function checkReporting({ documents, report, version }: ConfigCheck): void {
  for (const kind of ['EventSinkConfig', 'KmsgLogConfig']) {
    if (!documents.some((one) => one.kind === kind)) {
      report('warning', undefined, kind, 'is missing: the node will be silent after its reboot');
    }
  }
  for (const document of documents) {
    const image = textAt(document.root, 'machine', 'kubelet', 'image');
    const minor = /:v1\.(\d+)\./.exec(image ?? '')?.[1];
    const range = KUBERNETES_RANGE[version.minor];
    if (minor === undefined || range === undefined || version.major !== 1) continue;
    if (Number(minor) < range[0] || Number(minor) > range[1]) {
      const supported = `1.${range[0]} to 1.${range[1]}`;
      report('warning', document, 'machine.kubelet.image', `Talos ${version.tag} is for Kubernetes ${supported}`);
    }
  }
}

/** From 1.14 on it may stand in a document of its own. */
function endpointOf(documents: readonly ConfigDocument[], main: ConfigDocument): string | undefined {
  const document = documents.find((one) => one.kind === 'KubeClusterConfig');
  return textAt(main.root, 'cluster', 'controlPlane', 'endpoint') ?? (document && textAt(document.root, 'endpoint'));
}

function isHttpsUrl(text: string): boolean {
  return URL.canParse(text) && new URL(text).protocol === 'https:';
}

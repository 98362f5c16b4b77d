import { isMap, isPair, isScalar, isSeq, visit } from 'yaml';
import type { ConfigCheck } from './config-check.ts';
import { type ConfigDocument, MAIN, textAt } from './config-documents.ts';

const WHY = 'a worker must not carry the private key of the cluster: this is the configuration of a control plane';

/** Of the v1alpha1 document. */
const KEYS: readonly (readonly string[])[] = [
  ['machine', 'ca', 'key'],
  ['cluster', 'ca', 'key'],
  ['cluster', 'aggregatorCA', 'key'],
  ['cluster', 'etcd', 'ca', 'key'],
  ['cluster', 'serviceAccount', 'key'],
];

/** From 1.14 on the same secrets have documents of their own, which Talos takes on no worker. */
const CONTROL_PLANE_ONLY: ReadonlySet<string> = new Set([
  'KubeAggregatorCAConfig',
  'KubeServiceAccountConfig',
  'KubeEtcdEncryptionConfig',
]);

/** Their keys are the machine's own: its login at a registry, its end of a tunnel, files of its extensions. */
const OWN_KEYS: ReadonlySet<string> = new Set(['RegistryTLSConfig', 'WireguardConfig', 'ExtensionServiceConfig']);

/** Whoever holds a worker must not hold the cluster. Kinds that are not known here are looked through as well. */
export function checkWorkerKeys({ documents, report }: Pick<ConfigCheck, 'documents' | 'report'>): void {
  for (const document of documents) {
    if (document.kind === MAIN) {
      for (const path of KEYS) {
        if (textAt(document.root, ...path) !== undefined) report('error', document, path.join('.'), WHY);
      }
    } else if (CONTROL_PLANE_ONLY.has(document.kind)) {
      report('error', document, 'kind', `${document.kind} is for control planes, and Talos refuses it on a worker`);
    } else if (!OWN_KEYS.has(document.kind)) {
      for (const path of keysIn(document)) report('error', document, path, WHY);
    }
  }
}

/** Where a private key stands. `issuingCA.key` is one whatever it holds: it may be a placeholder of a template. */
function keysIn({ yaml, kind }: ConfigDocument): readonly string[] {
  const found: string[] = [];
  visit(yaml, {
    Scalar: (key, node, parents) => {
      if (key === 'key' || typeof node.value !== 'string' || node.value === '') return;
      const path = pathOf(node, parents);
      const isCaKey = kind === 'KubeAPIServerCAConfig' && path.endsWith('.key');
      if (isCaKey || isPrivateKey(node.value)) found.push(path);
    },
  });
  return found;
}

function pathOf(node: unknown, parents: readonly unknown[]): string {
  const names = parents.flatMap((parent, at) => {
    if (isPair(parent)) return isScalar(parent.key) ? [String(parent.key.value)] : [];
    return isSeq(parent) && !isMap(parent) ? [String(parent.items.indexOf(parents[at + 1] ?? node))] : [];
  });
  return names.join('.');
}

/** PEM as it is, or in base64 as Talos writes it. */
function isPrivateKey(text: string): boolean {
  const head = /-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----/;
  if (head.test(text)) return true;
  // `-----BEGIN` in base64; spaces and line breaks are of the YAML.
  if (!text.trimStart().startsWith('LS0tLS1CRUdJTi')) return false;
  return head.test(Buffer.from(text.replace(/\s+/g, '').slice(0, 400), 'base64').toString('latin1'));
}

import { expect, test } from 'vitest';
import { checkConfig } from '../../src/talos/check-config.ts';
import { specOf } from './specs.ts';

const base64 = (text: string) => Buffer.from(text).toString('base64');
const PEM = '-----BEGIN EC PRIVATE KEY-----\nMHc=\n-----END EC PRIVATE KEY-----\n';
const CERT = base64('-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n');
const KEY = base64(PEM);

const main = (type: string, cluster = '') => `version: v1alpha1
machine:
  type: ${type}
  token: abcdef.0123456789abcdef
  ca: { crt: ${CERT}${type === 'worker' ? '' : `, key: ${KEY}`} }
  install: { disk: /dev/sda, image: 'factory.example/metal-installer/x:v1.14.0' }
cluster:
  controlPlane: { endpoint: 'https://10.0.0.1:6443' }
${cluster}`;
const document = (kind: string, body: string) => `---\napiVersion: v1alpha1\nkind: ${kind}\n${body}`;

function errorsOf(text: string, role: string): readonly string[] {
  const problems = checkConfig(text, 'v1.14.0', specOf({ role }));
  return problems.flatMap((one) => (one.severity === 'error' ? [`${one.document}: ${one.path}: ${one.message}`] : []));
}

const ISSUING = document('KubeAPIServerCAConfig', `issuingCA:\n  cert: ${CERT}\n  key: ${KEY}\n`);

test.each<[string, string, RegExp]>([
  ['as its document of 1.14', ISSUING, /^KubeAPIServerCAConfig: issuingCA\.key: a worker must not carry/],
  [
    'as PEM',
    document('KubeAPIServerCAConfig', `issuingCA:\n  key: |\n    ${PEM.trim().split('\n').join('\n    ')}\n`),
    /issuingCA\.key/,
  ],
  [
    'of the aggregator',
    document('KubeAggregatorCAConfig', `issuingCA: { cert: ${CERT}, key: ${KEY} }\n`),
    /KubeAggregatorCAConfig is for control/,
  ],
  [
    'of the service accounts',
    document('KubeServiceAccountConfig', `key: ${KEY}\n`),
    /KubeServiceAccountConfig is for control/,
  ],
  ['of etcd', document('KubeEtcdEncryptionConfig', 'config: {}\n'), /KubeEtcdEncryptionConfig is for control/],
  [
    'in a kind of tomorrow',
    document('KubeFutureConfig', `parts:\n  - one\n  - { deep: ${KEY} }\n`),
    /^KubeFutureConfig: parts\.1\.deep: a worker/,
  ],
  [
    'of the aggregator, as in 1.13',
    `  aggregatorCA: { crt: ${CERT}, key: ${KEY} }\n`,
    /^v1alpha1: cluster\.aggregatorCA\.key: /,
  ],
  ['of etcd, as in 1.13', `  etcd: { ca: { crt: ${CERT}, key: ${KEY} } }\n`, /^v1alpha1: cluster\.etcd\.ca\.key: /],
  [
    'of the service accounts, as in 1.13',
    `  serviceAccount: { key: ${KEY} }\n`,
    /^v1alpha1: cluster\.serviceAccount\.key: /,
  ],
])('a worker with a key of the cluster is refused: %s', (_name, more, expected) => {
  const errors = errorsOf(main('worker', more), 'worker');
  expect(errors).toHaveLength(1);
  expect(errors[0]).toMatch(expected);
  expect(errors[0]).not.toContain(KEY.slice(0, 20));
});

test.each<[string, string, string]>([
  ['a control plane with its keys', main('controlplane', ISSUING), 'controlplane'],
  [
    'a worker with the certificate alone',
    main('worker', document('KubeAPIServerCAConfig', `issuingCA: { cert: ${CERT} }\n`)),
    'worker',
  ],
  [
    'a worker with its own key for a registry',
    main('worker', document('RegistryTLSConfig', `name: r.example\nclientIdentity: { cert: ${CERT}, key: ${KEY} }\n`)),
    'worker',
  ],
])('nothing is said of %s', (_name, text, role) => {
  expect(errorsOf(text, role)).toEqual([]);
});

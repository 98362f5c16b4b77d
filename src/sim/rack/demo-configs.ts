import { randomBytes } from 'node:crypto';
import { issueCertificate } from '../bmc/issue-certificate.ts';
import type { SimFile } from './planned-machine.ts';

/**
 * Machine configurations as `talosctl gen config` writes them, of a cluster that does not exist: keys and tokens are made
 * at each start and open nothing.
 */
interface DemoSecrets {
  readonly crt: string;
  readonly key: string;
  readonly token: string;
  readonly bootstrap: string;
  readonly clusterId: string;
  readonly secret: string;
  /** Of the cluster: its first control plane. */
  readonly endpoint: string;
}

const MARK = '# SIMULATED: written by crashcart demo. The secrets are of a cluster that does not exist.\n';
const base64 = (text: string): string => Buffer.from(text).toString('base64');

export type ClusterAuthority = ReturnType<typeof issueCertificate>;

export const makeAuthority = (): ClusterAuthority =>
  issueCertificate({ commonName: 'talos', organization: 'talos', use: 'ca' }, undefined, Date.now());

function makeSecrets({ key, cert }: ClusterAuthority, net: number): DemoSecrets {
  const word = (bytes: number) => randomBytes(bytes).toString('hex');
  return {
    crt: base64(cert),
    key: base64(key),
    token: `${word(3)}.${word(8)}`,
    bootstrap: `${word(3)}.${word(8)}`,
    clusterId: randomBytes(32).toString('base64'),
    secret: randomBytes(32).toString('base64'),
    endpoint: `https://127.${net}.1.11:6443`,
  };
}

type Role = 'controlplane' | 'worker';

function machinePart(role: Role, { crt, key, token }: DemoSecrets): string {
  return `machine:
    type: ${role}
    token: ${token}
    ca:
        crt: ${crt}
        key: ${role === 'controlplane' ? key : '""'}
`;
}

/** Up to 1.13: one big document and machine.install. */
function oldShape(role: Role, secrets: DemoSecrets): string {
  const { crt, key, bootstrap, clusterId, secret } = secrets;
  const ca = `    ca:
        crt: ${crt}
        key: ${role === 'controlplane' ? key : '""'}
`;
  return `${MARK}version: v1alpha1
debug: false
persist: true
${machinePart(role, secrets)}    kubelet:
        image: ghcr.io/siderolabs/kubelet:v1.36.3
    network: {}
    install:
        image: ghcr.io/siderolabs/installer:v1.13.9
        wipe: false
        grubUseUKICmdline: true
cluster:
    id: ${clusterId}
    secret: ${secret}
    controlPlane:
        endpoint: ${secrets.endpoint}
    clusterName: demo
    token: ${bootstrap}
${ca}---
apiVersion: v1alpha1
kind: HostnameConfig
auto: stable
`;
}

/** From 1.14 on: several documents, the installation among them. */
function newShape(role: Role, secrets: DemoSecrets): string {
  return `${MARK}version: v1alpha1
persist: true
${machinePart(role, secrets)}cluster:
    token: ${secrets.bootstrap}
---
apiVersion: v1alpha1
kind: KubeClusterConfig
clusterName: demo
endpoint: ${secrets.endpoint}
---
apiVersion: v1alpha1
kind: HostnameConfig
auto: stable
`;
}

/** As `talosctl` writes it: the key under a label that OpenSSL does not know. */
function talosconfig(authority: ClusterAuthority): string {
  const admin = { commonName: 'admin', organization: 'os:admin', use: 'client' } as const;
  const { key, cert } = issueCertificate(admin, authority, Date.now());
  const labelled = key.replace(/(BEGIN|END) PRIVATE KEY/g, '$1 ED25519 PRIVATE KEY');
  return `${MARK}context: demo
contexts:
    demo:
        endpoints: []
        ca: ${base64(authority.cert)}
        crt: ${base64(cert)}
        key: ${base64(labelled)}
`;
}

/** The secrets alone: what the operator's own document is laid upon, in both shapes. */
export function makeBareSecrets(authority: ClusterAuthority): Readonly<Record<Role, string>> {
  const secrets = makeSecrets(authority, 0);
  const of = (role: Role) => {
    const withoutType = machinePart(role, secrets).replace(/ {4}type: .*\n/, '');
    return `${MARK}version: v1alpha1\n${withoutType}cluster:\n    token: ${secrets.bootstrap}\n`;
  };
  return { controlplane: of('controlplane'), worker: of('worker') };
}

export const makeTalosconfig = (authority: ClusterAuthority): SimFile => ({
  path: TALOSCONFIG,
  text: talosconfig(authority),
});

export const TALOSCONFIG = '_talos/talosconfig';

export function makeDemoConfigs(authority: ClusterAuthority, net: number): readonly SimFile[] {
  const secrets = makeSecrets(authority, net);
  const files = (['controlplane', 'worker'] as const).flatMap((role) => [
    { path: `_talos/${role}.yaml`, text: oldShape(role, secrets) },
    { path: `_talos/${role}-1.14.yaml`, text: newShape(role, secrets) },
  ]);
  return [...files, makeTalosconfig(authority)];
}

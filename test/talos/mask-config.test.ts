import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { diffConfig, diffMarked } from '../../src/talos/diff-config.ts';
import { maskConfig } from '../../src/talos/mask-config.ts';

const BASE = readFileSync(new URL('fixtures/base-1.14.yaml', import.meta.url), 'utf8');

/** Every path of §6.6 of the facts, each with a value that must not come through. */
const SECRETS = `version: v1alpha1
machine:
  token: S01
  ca: {crt: visible-ca, key: S02}
  certSANs: [visible-san]
  registries:
    config:
      r.example:
        auth: {username: S03, password: S04, auth: S05, identityToken: S06}
  network:
    interfaces:
      - interface: wg0
        wireguard:
          privateKey: S07
          peers: [{publicKey: visible-peer, presharedKey: S08}]
  env:
    https_proxy: http://user:S09@proxy.example:3128/
  files:
    - path: /var/etc/auth.env
      content: |
        TS_AUTHKEY=S10
        second line
      permissions: 0o600
    - path: /etc/plain
      content: S26
cluster:
  secret: "S11"
  token: 'S12'
  aescbcEncryptionSecret: S13
  secretboxEncryptionSecret: S14
  ca: {crt: a, key: S15}
  aggregatorCA: {crt: a, key: S16}
  etcd: {ca: {crt: a, key: S17}}
  serviceAccount: {key: S18}
  inlineManifests:
    - name: creds
      contents: |-
        kind: Secret
        data: {a: S19}
  externalCloudProvider:
    manifests:
      - https://files.example/a.yaml?X-Amz-Signature=S27&X-Amz-Expires=60
      - https://user:S28@files.example/b.yaml?access_token=S29
    headers:
      Authorization: Bearer S30
      Accept: visible-accept
  apiServer:
    env:
      - name: DB_PASSWORD
        value: S31
      - name: VISIBLE
        value: visible-env
  anchored: &joint S32
  extraManifestHeaders: {Token: *joint}
# token: S20
# the old password was S33
# plain: visible-comment
---
apiVersion: v1alpha1
kind: VolumeConfig
name: STATE
encryption:
  keys: [{slot: 0, static: {passphrase: S21}}]
---
apiVersion: v1alpha1
kind: SideroLinkConfig
apiUrl: grpc://omni.example:8090?jointoken=S22
---
apiVersion: v1alpha1
kind: KubeAPIServerCAConfig
issuingCA: {cert: visible-cert, key: S23}
---
apiVersion: v1alpha1
kind: ExtensionServiceConfig
name: tailscale
environment:
  - TS_AUTHKEY=S24
  - TS_HOSTNAME=visible-host
configFiles:
  - content: S34
    mountPath: /visible-path
---
apiVersion: v1alpha1
kind: RegistryAuthConfig
name: r.example
username: visible-user
password: S25
`;

describe('what may be shown', () => {
  test('holds no secret, and everything else', async () => {
    const masked = maskConfig(SECRETS);
    expect(masked.match(/S\d\d/g)).toBeNull();
    for (const word of SECRETS.match(/visible-\w+/g) ?? []) expect(masked).toContain(word);
    await expect(masked).toMatchFileSnapshot('golden/masked.yaml');
  });

  test('differs from the original only where a secret stood', () => {
    const masked = maskConfig(BASE);
    const changed = masked.split('\n').filter((line, index) => line !== BASE.split('\n')[index]);
    expect(changed.map((line) => line.trim())).toEqual([
      '# ********',
      'token: "********"',
      'key: "********"',
      'token: "********"',
      'secretboxEncryptionSecret: "********"',
    ]);
  });

  test('is nothing at all when it cannot be read', () => {
    expect(maskConfig('cluster:\n  token: S01\n bad')).toBe('(not readable as YAML: hidden)\n');
  });

  test('an encoded private key is found under any name, and in comments', () => {
    const key = Buffer.from('-----BEGIN ED25519 PRIVATE KEY-----\nS01\n').toString('base64');
    const masked = maskConfig(`a: ${key}\n# kept: ${key}\nb: [${key}]\n`);
    expect(masked).not.toContain(key);
  });
});

describe('a diff', () => {
  test('shows that a secret changed and not what it is', () => {
    const after = BASE.replace('abcdef.0123456789abcdef', 'zzzzzz.0123456789abcdef').replace('kubePrism', 'kubePrisma');
    const text = diffConfig(BASE, after).map(({ kind, text: line }) => `${kind} ${line}`);
    expect(text).toEqual([
      'skipped … 2 unchanged lines',
      'same persist: true',
      'same machine:',
      'same     type: controlplane',
      'removed     token: "secret 1"',
      'added     token: "secret 5"',
      'same     ca:',
      expect.stringContaining('same         crt:'),
      'same         key: "secret 2"',
      'same     features:',
      'removed         kubePrism:',
      'added         kubePrisma:',
      'same             enabled: true',
      'same cluster:',
      'same     token: "secret 3"',
      expect.stringContaining('skipped'),
    ]);
    expect(text.join('\n')).not.toMatch(/abcdef|zzzzzz/);
  });

  test('of the same is empty', () => {
    expect(diffConfig(BASE, BASE)).toEqual([]);
  });

  test('of very different texts ends, and soon', () => {
    const lines = (prefix: string) => Array.from({ length: 3100 }, (_, index) => `${prefix}${index}: x`).join('\n');
    // The runner's own limit ends it: without a bound of its own it would take hours.
    expect(diffConfig(lines('a'), lines('b'))).toHaveLength(6200);
  });
});

test('marked texts are compared by their marks: a secret that changed has another number, and no mark is shown', () => {
  const before = 'token: "secret 0123456789ab"\nca: "secret aaaaaaaaaaaa"\nname: a\n';
  const after = 'token: "secret ba9876543210"\nca: "secret aaaaaaaaaaaa"\nname: a\n';
  const lines = diffMarked(before, after, /\bsecret [0-9a-f]{12}\b/g).map(({ kind, text }) => `${kind} ${text}`);
  expect(lines).toEqual([
    'removed token: "secret 1"',
    'added token: "secret 3"',
    'same ca: "secret 2"',
    'same name: a',
  ]);
});

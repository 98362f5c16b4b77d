import { describe, expect, test } from 'vitest';
import { usualKind } from '../../src/cli/choose-profile.ts';
import { createPlanner } from '../../src/cli/planner.ts';
import type { PlannerParts } from '../../src/cli/planner-parts.ts';
import { previewScript } from '../../src/cli/preview-script.ts';
import type { JobKind } from '../../src/core/job.ts';
import { newNode } from '../../src/core/node.ts';
import { fail, ok } from '../../src/core/result.ts';
import type { Inventory, NodeSpec, ProfileSpec } from '../../src/core/spec.ts';
import { BUILT_IN } from '../../src/inventory/parse-profiles.ts';
import { parseSite } from '../../src/inventory/parse-site.ts';
import { createReport } from '../../src/inventory/report.ts';
import { specOf } from '../talos/specs.ts';

const TALOS_CONFIG = `version: v1alpha1
machine:
  type: worker
  token: abcdef.0123456789abcdef
  ca: { crt: LS0tcrt }
  install: { disk: /dev/sda, image: 'ghcr.io/siderolabs/installer:v1.13.9' }
cluster:
  controlPlane: { endpoint: 'https://10.0.0.1:6443' }
`;

interface Site {
  readonly profile: string;
  readonly profiles?: Readonly<Record<string, ProfileSpec>>;
  readonly version?: string;
  readonly documents?: Readonly<Record<string, string>>;
  readonly talos?: Partial<NodeSpec['talos']>;
  readonly boot?: NonNullable<NodeSpec['boot']>;
}

const artefact = (path: string) => ({ path, sha256: 'a'.repeat(64), sizeBytes: 1 });
const file = (path: string) => ({ from: 'file', path }) as const;
const LINUX = { kind: 'linux', kernel: 'vmlinuz', initrds: ['one.img'], args: ['quiet'], writesDisk: false } as const;

function planFor(
  { profile, profiles = {}, version = 'v1.13.9', documents = {}, talos = {}, ...more }: Site,
  kind: JobKind,
) {
  const site = parseSite(undefined, createReport());
  const spec: NodeSpec = {
    ...specOf({ talos: { config: file('worker.yaml'), disk: { serial: 'S1' }, ...talos } }),
    profile,
    ...(more.boot === undefined ? {} : { boot: more.boot }),
  };
  const inventory: Inventory = {
    site: { ...site, talos: { ...site.talos, version } },
    profiles: { ...BUILT_IN, ...profiles },
    nodes: [spec],
  };
  const texts: Readonly<Record<string, string>> = { 'worker.yaml': TALOS_CONFIG, ...documents };
  const parts: PlannerParts = {
    inventory: () => inventory,
    serverFor: () => ok('10.0.0.2'),
    schematicOf: async () => ok('b'.repeat(64)),
    images: async () => ok({ kernel: artefact('kernel'), initrd: artefact('initrd'), cmdline: undefined }),
    uki: async () => ok(artefact('uki.efi')),
    file: async (path) => ok(artefact(path)),
    document: async (ref) => {
      const text = ref.from === 'file' ? texts[ref.path] : undefined;
      return text === undefined ? fail('no such file') : ok(text);
    },
    validate: async () => ok({ is: 'skipped', why: 'talosctl is not on this machine' }),
    script: (one, rendered) => previewScript(one, rendered, ok('10.0.0.2'), 80),
  };
  return createPlanner(parts).plan(newNode(spec, 0), kind);
}

async function planned(site: Site, kind: JobKind) {
  const plan = await planFor(site, kind);
  if (!plan.ok) throw new Error(plan.error);
  return plan.value;
}

describe('a job that would write a disk is refused for a profile that cannot do it safely', () => {
  const script = { kind: 'script', template: file('own.ipxe') } as const;
  const { writesDisk: _unsaid, ...unsaid } = LINUX;
  const profiles = {
    debian: LINUX,
    disk: { ...LINUX, writesDisk: true },
    own: { ...script, writesDisk: true },
    unsaid,
  };
  const rows: readonly (readonly [profile: string, kind: JobKind, why: string])[] = [
    ['talos-ram', 'install', 'its profile is talos-ram: it writes no disk; arm it as rescue'],
    ['talos-ram', 'reinstall', 'its profile is talos-ram: it writes no disk; arm it as rescue'],
    ['inspect', 'install', 'its profile is inspect: it writes no disk; arm it as inspect'],
    ['inspect', 'reinstall', 'its profile is inspect: it writes no disk; arm it as inspect'],
    ['local', 'install', 'its profile is local: it boots its own disk, there is nothing to install'],
    ['local', 'wipe', 'its profile is local: it boots its own disk, there is nothing to wipe'],
    ['debian', 'install', 'its profile is debian (linux): it writes no disk; arm it as rescue'],
    ['disk', 'install', 'nothing halts it on an installed disk, so it takes a reinstall'],
    ['unsaid', 'reinstall', 'which does not say whether it writes disks: write `writesDisk: true`'],
    ['unsaid', 'install', 'which does not say whether it writes disks'],
    ['own', 'wipe', 'only Talos wipes a disk'],
    ['nowhere', 'install', 'there is no profile "nowhere"'],
  ];
  test.each(rows)('%s as %s', async (profile, kind, why) => {
    const plan = await planFor({ profile, profiles }, kind);
    expect(plan.ok ? plan.value.rendered.plan : plan.error).toContain(why);
  });
});

describe('what a machine of a profile is armed as in the end, so that doctor asks for that', () => {
  const own = { kind: 'script', template: file('own.ipxe') } as const;
  const profiles = { memtest: { ...own, writesDisk: false }, disk: { ...own, writesDisk: true } };
  test.each<readonly [profile: string, kind: JobKind | undefined]>([
    ['talos', 'install'],
    ['talos-ram', 'rescue'],
    ['inspect', 'inspect'],
    ['memtest', 'rescue'],
    ['disk', 'reinstall'],
    ['local', undefined],
  ])('%s: %s', async (profile, kind) => {
    const inventory = { profiles: { ...BUILT_IN, ...profiles } };
    expect(usualKind(inventory, { profile })).toBe(kind);
    if (kind === undefined) return;
    const documents = { 'own.ipxe': '#!ipxe\nexit\n' };
    const plan = await planFor({ profile, profiles, documents }, kind);
    expect(plan.ok ? '' : plan.error).toBe('');
  });
});

describe('talos', () => {
  test('installs with its configuration and halts where something is installed', async () => {
    const { rendered, shown } = await planned({ profile: 'talos' }, 'install');
    expect(rendered.configText).toContain('install:');
    expect(rendered.plan.kernelArgs).toContain('talos.halt_if_installed=1');
    expect(shown.script.match(/talos\.halt_if_installed=1/g)).toHaveLength(1);
    expect(shown.checked).toContain('talosctl is not on this machine');
  });

  test.each(['inspect', 'rescue', 'wipe'] as const)('as %s gets no configuration', async (kind) => {
    const { rendered } = await planned({ profile: 'talos' }, kind);
    expect(rendered.configText).toBeUndefined();
    expect(rendered.plan.kernelArgs.join(' ')).not.toContain('talos.config');
  });

  test('a refusal names file, line and key, and at most ten of them', async () => {
    const broken = await planFor(
      { profile: 'talos', documents: { 'worker.yaml': 'version: v1alpha1\n a: [\n' } },
      'install',
    );
    expect(broken.ok ? '' : broken.error).toMatch(/^worker\.yaml:\d+:\d+: /);
    const empty = await planFor(
      {
        profile: 'talos',
        documents: {
          'worker.yaml': `version: v1alpha1\n${'abcdefghijklmno'
            .split('')
            .map((key) => `${key}: 1\n`)
            .join('')}`,
        },
      },
      'install',
    );
    expect(empty.ok ? '' : empty.error).toContain('v1alpha1:1: a: Talos refuses keys');
    expect((empty.ok ? '' : empty.error).split('; ')).toHaveLength(11);
  });

  test('shows no secret of its arguments', async () => {
    const talos = { kernelArgs: ['proxy=http://joe:hunter2@proxy:3128/', 'my.password=hunter3'] };
    const { shown } = await planned({ profile: 'talos', talos }, 'install');
    expect(JSON.stringify(shown)).not.toMatch(/hunter/);
  });
});

describe('talos-ram as rescue', () => {
  const CLEAN =
    'version: v1alpha1\nmachine: { type: worker, token: abcdef.0123456789abcdef, ca: { crt: LS0tcrt } }\ncluster: { controlPlane: { endpoint: "https://10.0.0.1:6443" } }\n';

  test('gets nothing from Talos 1.13, which takes no configuration without an install', async () => {
    const { rendered, shown } = await planned({ profile: 'talos-ram' }, 'rescue');
    expect(rendered.configText).toBeUndefined();
    expect(shown.warnings.join()).toContain('no configuration is served');
  });

  test.each([
    ['machine.install', TALOS_CONFIG],
    [
      'UnattendedInstallConfig',
      `${CLEAN}---\napiVersion: v1alpha1\nkind: UnattendedInstallConfig\nprovisioning: { diskSelector: { match: "true" } }\n`,
    ],
  ])('gets its configuration without %s, and halts on an installed disk', async (_name, text) => {
    const site = { profile: 'talos-ram', version: 'v1.14.0', documents: { 'worker.yaml': text } };
    const { rendered } = await planned(site, 'rescue');
    expect(rendered.configText).toContain('abcdef.0123456789abcdef');
    expect(rendered.configText).not.toMatch(/install/i);
    expect(rendered.plan.kernelArgs).toContain('talos.halt_if_installed=1');
    expect(rendered.plan.configHash).toBeDefined();
  });

  test('is refused with a volume, which would format a disk', async () => {
    const text = `${CLEAN}---\napiVersion: v1alpha1\nkind: UserVolumeConfig\nname: data\n`;
    const plan = await planFor(
      { profile: 'talos-ram', version: 'v1.14.0', documents: { 'worker.yaml': text } },
      'rescue',
    );
    expect(plan.ok ? '' : plan.error).toContain('writes disks');
  });
});

describe('a machine with Secure Boot', () => {
  const site = { profile: 'talos', boot: 'secureBoot', talos: { kernelArgs: ['console=ttyS0'] } } as const;

  test('boots the signed UKI, and what cannot be passed to it is said', async () => {
    const { rendered, shown } = await planned(site, 'install');
    expect(rendered.plan).toMatchObject({ uki: true, kernelArgs: [], kernel: { path: 'uki.efi' } });
    expect(rendered.plan.initrd).toBeUndefined();
    expect(rendered.configText).toContain('installer-secureboot/');
    expect(shown.warnings.join('\n')).toMatch(/not passed: its kernel arguments \(console=ttyS0\)/);
    expect(shown.warnings.join('\n')).toMatch(/applied by its API \(port 50000\) in maintenance mode/);
  });

  test('is inspected and rescued without a configuration', async () => {
    expect((await planned(site, 'inspect')).rendered.configText).toBeUndefined();
    const ram = await planned({ ...site, profile: 'talos-ram', version: 'v1.14.0' }, 'rescue');
    expect(ram.rendered.configText).toBeUndefined();
    expect(ram.shown.warnings.join('\n')).toMatch(/it will wait in maintenance mode/);
  });

  test.each(['reinstall', 'wipe'] as const)('takes no %s, and is told what to do instead', async (kind) => {
    const plan = await planFor(site, kind);
    expect(plan.ok ? '' : plan.error).toMatch(/takes no argument.*talosctl reset, then install/);
  });

  test('boots no other system', async () => {
    const plan = await planFor({ ...site, profile: 'debian', profiles: { debian: LINUX } }, 'rescue');
    expect(plan.ok ? '' : plan.error).toMatch(/booted by iPXE, which no firmware with Secure Boot runs/);
  });
});

test.each(['v1.12.11', 'v1.13.9', 'v1.14.0'])('the boot script of %s, as it goes out', async (version) => {
  const { shown } = await planned({ profile: 'talos', version }, 'install');
  await expect(shown.script).toMatchFileSnapshot(`golden/install-${version}.ipxe`);
});

describe('an installer that is not Talos', () => {
  const profiles = { debian: { ...LINUX, writesDisk: true, userData: file('cloud/{node}.yaml') } } as const;
  const documents = {
    'cloud/node-01.yaml': '#cloud-config\nhostname: {{node}}\npassword: hunter2\nx: {{ v1.region }}\n',
  };

  test('is a reinstall whose plan says what cannot be known, and wipes by no argument', async () => {
    const { rendered, shown } = await planned({ profile: 'debian', profiles, documents }, 'reinstall');
    expect(rendered.plan).toMatchObject({ foreign: true, kind: 'reinstall', profile: 'debian' });
    expect(shown.warnings.join('\n')).toMatch(/which disks it erases is its own choice/);
    expect(shown.warnings.join('\n')).toMatch(/reports nothing: its job is spent when it is handed over/);
    expect(shown.script).not.toMatch(/wipe/);
    expect(shown.script).toContain('/t/TOKEN/handoff');
    expect(`${shown.config}${shown.script}`).not.toContain('hunter2');
  });

  test('gets its own files, filled in from the inventory, and what NoCloud cannot be without', async () => {
    const { rendered } = await planned({ profile: 'debian', profiles, documents }, 'reinstall');
    expect(rendered.cloudInit?.['user-data']).toContain('hostname: node-01\n');
    expect(rendered.cloudInit?.['user-data']).toContain('{{ v1.region }}');
    expect(rendered.cloudInit?.['meta-data']).toBe('instance-id: node-01\nlocal-hostname: node-01\n');
  });

  test('is refused where its file asks for what the inventory does not say', async () => {
    const asks = { 'cloud/node-01.yaml': 'asset: {{vlan}}\n' };
    const plan = await planFor({ profile: 'debian', profiles, documents: asks }, 'reinstall');
    expect(plan.ok ? '' : plan.error).toMatch(/user-data: it says \{\{vlan\}\}, and .* has no vlan/);
  });
});

describe('other systems as rescue', () => {
  test('boot their own profile', async () => {
    const { rendered } = await planned({ profile: 'debian', profiles: { debian: LINUX } }, 'rescue');
    expect(rendered.plan).toMatchObject({
      profile: 'debian',
      kernel: { path: 'vmlinuz' },
      initrd: { path: 'one.img' },
    });
    expect(rendered.plan.version).toBeUndefined();
  });

  test('are refused with several initrds, of which only one would be served', async () => {
    const profiles = { debian: { ...LINUX, initrds: ['one.img', 'two.img'] } };
    const plan = await planFor({ profile: 'debian', profiles }, 'rescue');
    expect(plan.ok ? '' : plan.error).toContain('join them (cat one.img two.img > all.img)');
  });

  test('a machine whose profile writes disks is rescued by Talos in RAM', async () => {
    const { rendered } = await planned(
      { profile: 'disk', profiles: { disk: { ...LINUX, writesDisk: true } } },
      'rescue',
    );
    expect(rendered.plan).toMatchObject({ profile: 'rescue', version: 'v1.13.9' });
  });

  test('show the script that they would get, and its change changes the plan', async () => {
    const profiles = { own: { kind: 'script', template: file('own.ipxe'), writesDisk: false } as const };
    const plan = (body: string) =>
      planned({ profile: 'own', profiles, documents: { 'own.ipxe': `#!ipxe\n${body}\n` } }, 'rescue');
    const one = await plan('chain {base}/x');
    const two = await plan('chain {base}/y');
    expect(one.shown.script).toBe('#!ipxe\nchain http://10.0.0.2/x\n');
    expect(one.rendered.plan.hash).not.toBe(two.rendered.plan.hash);
    expect(one.rendered.plan.hash).toBe((await plan('chain {base}/x')).rendered.plan.hash);
  });

  const own = (template: string, kind: JobKind = 'rescue') =>
    planFor(
      {
        profile: 'own',
        profiles: { own: { kind: 'script', template: file('own/{node}.ipxe'), writesDisk: false } },
        documents: { 'own/node-01.ipxe': template },
      },
      kind,
    );

  test.each([
    ['does not say that it is one', 'echo hello\n', 'own/node-01.ipxe): the template does not begin with #!ipxe'],
    [
      'asks for what a script does not have',
      '#!ipxe\nset x {{ip}}\n',
      'the template says {{ip}}: a script takes {base}',
    ],
  ])('are refused with a script that %s', async (_name, template, why) => {
    const plan = await own(template);
    expect(plan.ok ? '' : plan.error).toContain('profile own has no boot script');
    expect(plan.ok ? '' : plan.error).toContain(why);
  });

  test('may write the names of a script with one brace or with two, and settings of iPXE stay', async () => {
    const plan = await own(`#!ipxe\nchain {base}/{{node}}?mac=\${mac}&net=\${net0/mac} || echo {other}\n`);
    expect(plan.ok && plan.value.shown.script).toBe(
      `#!ipxe\nchain http://10.0.0.2/node-01?mac=\${mac}&net=\${net0/mac} || echo {other}\n`,
    );
  });

  test.each([
    [
      'iPXE would expand',
      `x=\${net0/mac}`,
      /profile debian has no boot script \(_profiles.yaml\): .*kernel argument holds \$\{/,
    ],
    ['is too long', `x=${'y'.repeat(2040)}`, /the kernel command line has more than 2040 bytes/],
  ])('are refused with an argument that %s', async (_name, arg, why) => {
    const plan = await planFor({ profile: 'debian', profiles: { debian: { ...LINUX, args: [arg] } } }, 'rescue');
    expect(plan.ok ? '' : plan.error).toMatch(why);
  });

  test('a change of cloud-init changes the plan', async () => {
    const profiles = { debian: { ...LINUX, userData: file('user-data') } };
    const plan = (text: string) => planned({ profile: 'debian', profiles, documents: { 'user-data': text } }, 'rescue');
    const one = await plan('#cloud-config\npassword: hunter2\n');
    const two = await plan('#cloud-config\npassword: hunter3\n');
    expect(one.rendered.plan.hash).not.toBe(two.rendered.plan.hash);
    expect(one.shown.config).not.toContain('hunter');
    expect(one.rendered.plan.kernelArgs).toContain('ds=nocloud;s=http://{server}/t/{token}/');
  });
});

test.each<[JobKind, boolean | undefined]>([
  ['reinstall', true],
  ['install', undefined],
  ['inspect', undefined],
])('a profile that asks for a reset by Talos means it for what erases: %s', async (kind, expected) => {
  const { rendered } = await planned({ profile: 'talos', profiles: { talos: { kind: 'talos', reset: true } } }, kind);
  expect(rendered.plan.resetFirst).toBe(expected);
});

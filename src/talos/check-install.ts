import { isMap } from 'yaml';
import type { ConfigCheck } from './config-check.ts';
import { type ConfigDocument, textAt } from './config-documents.ts';
import { isAtLeast } from './talos-version.ts';

/** The part of a configuration that decides which disk is erased, and with what. */
export function checkInstall(check: ConfigCheck, main: ConfigDocument): void {
  const unattended = check.documents.find((one) => one.kind === 'UnattendedInstallConfig');
  const install = main.root.getIn(['machine', 'install'], true);
  if (unattended !== undefined) checkUnattended(check, unattended);
  else if (isMap(install)) checkMachineInstall(check, main);
  else if (isAtLeast(check.version, 1, 14)) {
    check.report(
      'error',
      main,
      '',
      'neither UnattendedInstallConfig nor machine.install: nothing says which disk to use. Set talos.disk',
    );
  } else
    check.report(
      'error',
      main,
      'machine.install',
      'is missing: Talos refuses it ("install instructions are required")',
    );
}

function checkMachineInstall(check: ConfigCheck, main: ConfigDocument): void {
  const { root } = main;
  const disk = textAt(root, 'machine', 'install', 'disk');
  const selector = root.getIn(['machine', 'install', 'diskSelector'], true);
  if (disk === undefined && !(isMap(selector) && selector.items.length > 0)) {
    check.report('error', main, 'machine.install', 'names no disk: set talos.disk in the inventory');
  }
  if (disk !== undefined && !disk.startsWith('/dev/')) {
    check.report('error', main, 'machine.install.disk', 'must begin with /dev/');
  }
  const image = textAt(root, 'machine', 'install', 'image');
  if (image !== undefined) checkImage(check, main, 'machine.install.image', image);
}

/** Talos 1.14: the match is mandatory, image and reboot only in our eyes. */
function checkUnattended(check: ConfigCheck, document: ConfigDocument): void {
  if (textAt(document.root, 'provisioning', 'diskSelector', 'match') === undefined) {
    check.report('error', document, 'provisioning.diskSelector.match', 'is missing: nothing says which disk to use');
  }
  const image = textAt(document.root, 'installer', 'image');
  if (image !== undefined) checkImage(check, document, 'installer.image', image);
  if (image === undefined && textAt(document.root, 'reboot') !== 'true') {
    check.report(
      'warning',
      document,
      'reboot',
      'without image and `reboot: true` the node keeps running from the network',
    );
  }
}

/** The installed system is what this image holds, whatever version was booted from the network. */
function checkImage(check: ConfigCheck, document: ConfigDocument, path: string, image: string): void {
  const tag = /:([^/:@]+)(?:@|$)/.exec(image)?.[1];
  if (tag === undefined && !image.includes('@sha256:')) {
    check.report('error', document, path, `${image} has no tag: write the version, like :${check.version.tag}`);
  } else if (tag !== undefined && tag !== check.version.tag) {
    check.report('warning', document, path, `installs ${tag}, and the node boots ${check.version.tag}`);
  }
  if (image.startsWith('ghcr.io/siderolabs/installer') && isAtLeast(check.version, 1, 14)) {
    check.report(
      'error',
      document,
      path,
      'ghcr.io/siderolabs/installer is not published from 1.14 on: use the image factory',
    );
  }
}

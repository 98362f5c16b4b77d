import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { BmcTarget } from '../../../src/core/bmc.ts';
import { createBmcDrivers } from '../../../src/drivers/bmc-open.ts';
import { defaultBmcTimings } from '../../../src/drivers/bmc-timings.ts';
import { mustBe, problemOf } from '../redfish/sim-port.ts';

/** The real ipmitool against OpenIPMI's simulator: a second opinion on flags and formats. */
const missing = ['ipmitool', 'ipmi_sim'].filter((name) => spawnSync('which', [name]).status !== 0);
if (missing.length > 0 && process.env.CI === 'true')
  throw new Error(`CI must have ${missing.join(', ')} (Debian: ipmitool, openipmi)`);
if (missing.length > 0)
  process.stderr.write(`ipmi_sim tests: skipped, ${missing.join(', ')} not installed (Debian: ipmitool, openipmi)\n`);

const CONTROL = `#!/bin/sh
op=$1; shift
if [ $op = get ]; then
  for p in "$@"; do case $p in power) echo "power:$(cat @DIR@/power)";; boot) echo "boot:$(cat @DIR@/boot)";; esac; done
else
  while [ $# -gt 0 ]; do
    case $1 in power) echo $2 > @DIR@/power;; boot) echo $2 > @DIR@/boot;; shutdown) echo 0 > @DIR@/power;; esac
    shift; shift
  done
fi
`;

async function freeUdpPort(): Promise<number> {
  const socket = createSocket('udp4');
  await new Promise<void>((resolve) => {
    socket.bind(0, '127.0.0.1', resolve);
  });
  const { port } = socket.address();
  socket.close();
  return port;
}

describe.skipIf(missing.length > 0)('the real ipmitool against ipmi_sim', () => {
  const timings = { ...defaultBmcTimings, requestMs: 10_000, powerPollMs: 20, powerWaitMs: 8_000, offToOnMs: 10 };
  let folder = '';
  let port = 0;
  let simulator: ChildProcess;
  const targetWith = (password: string): BmcTarget => ({
    node: 'sim',
    spec: { url: `ipmi://127.0.0.1:${port}`, username: 'admin', password: { from: 'env', name: 'X' } },
    password,
  });

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'ipmi-sim-'));
    port = await freeUdpPort();
    const auths = ['callback', 'user', 'operator', 'admin'].map(
      (level) => `    allowed_auths_${level} none md2 md5 straight`,
    );
    const lan = [
      'name "simbmc"',
      'set_working_mc 0x20',
      '  startlan 1',
      `    addr 127.0.0.1 ${port}`,
      '    priv_limit admin',
      ...auths,
    ];
    const rest = [
      '    guid a123456789abcdefa123456789abcdef',
      '  endlan',
      `  chassis_control "/bin/sh ${folder}/control"`,
    ];
    const users = ['  user 2 true "admin" "s3cret-sim" admin 10 none md2 md5 straight'];
    writeFileSync(join(folder, 'lan.conf'), `${[...lan, ...rest, ...users].join('\n')}\n`);
    const mc = 'mc_add 0x20 0 no-device-sdrs 0x23 9 8 0x9f 0x1291 0xf02 persist_sdr';
    writeFileSync(join(folder, 'sim.emu'), `mc_setbmc 0x20\n${mc}\nsel_enable 0x20 1000 0x0a\nmc_enable 0x20\n`);
    writeFileSync(join(folder, 'control'), CONTROL.replaceAll('@DIR@', folder));
    chmodSync(join(folder, 'control'), 0o755);
    // ipmi_sim leaves the question for cipher suites unanswered, which costs eight seconds each time; -C skips it.
    writeFileSync(join(folder, 'ipmitool'), '#!/bin/sh\nexec ipmitool -C 3 "$@"\n');
    chmodSync(join(folder, 'ipmitool'), 0o755);
    writeFileSync(join(folder, 'power'), '0\n');
    writeFileSync(join(folder, 'boot'), 'default\n');
    mkdirSync(join(folder, 'state'));
    const args = ['-c', join(folder, 'lan.conf'), '-f', join(folder, 'sim.emu'), '-s', join(folder, 'state'), '-n'];
    simulator = spawn('ipmi_sim', args, { stdio: 'ignore' });
    await new Promise((resolve) => setTimeout(resolve, 500));
  });
  afterAll(() => {
    simulator.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  });

  test('reads and sets the power, identifies, and tells what it is', async () => {
    const drivers = createBmcDrivers({ timings, ipmitool: join(folder, 'ipmitool') });
    const bmc = drivers.openBmc(targetWith('s3cret-sim'));
    expect(await mustBe(bmc.readPower())).toBe('off');
    expect(await mustBe(bmc.setPower('on'))).toEqual({ power: 'on', did: 'on' });
    expect(await mustBe(bmc.setPower('cycle'))).toEqual({ power: 'on', did: 'cut' });
    expect(await mustBe(bmc.setPower('forceOff'))).toEqual({ power: 'off', did: 'cut' });
    expect(await mustBe(bmc.setLocate(true))).toEqual({ light: 'on' });
    expect(await mustBe(bmc.readLog(5))).toEqual([]);
    const identity = await mustBe(bmc.readIdentity());
    expect(identity).toMatchObject({ vendor: 'MontaVista Software, Inc.', firmwareVersion: '9.08' });
    expect(identity.uuid).toBeDefined();
    // This simulator never sets the bit that makes boot flags valid: exactly what the read-back is for.
    expect(await problemOf(bmc.overrideOnce('pxe', 'uefi', false))).toMatchObject({ code: 'notTaken' });
    await drivers.closeAll();
  });

  test('tells a wrong password from a BMC that is not there', async () => {
    const drivers = createBmcDrivers({ timings, ipmitool: join(folder, 'ipmitool') });
    expect(await problemOf(drivers.openBmc(targetWith('wrong')).readPower())).toMatchObject({ code: 'credentials' });
    await drivers.closeAll();
  });
});

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { BmcPort, BmcTarget } from '../../../src/core/bmc.ts';
import { type BmcDrivers, createBmcDrivers } from '../../../src/drivers/bmc-open.ts';
import { describeBmcContract } from '../redfish/bmc-contract.ts';
import { fastTimings, mustBe, problemOf } from '../redfish/sim-port.ts';
import { createFakeIpmitool, type FakeIpmitool } from './fake-ipmitool.ts';

const password = 'ipmi-s3cret-19';
const timings = { ...fastTimings, requestMs: 3_000, powerWaitMs: 2_000, shutdownWaitMs: 2_000 };
const target: BmcTarget = {
  node: 'u3',
  spec: { url: 'ipmi://127.0.0.1', username: 'ADMIN', password: { from: 'env', name: 'BMC' } },
  password,
};

/** What the firmware would read: byte 1 bit 7 valid, byte 2 bits 5..2 the device. */
function takeBoot(fake: FakeIpmitool): string {
  const flags = fake.read('flags').trim();
  fake.write('flags', '0000000000\n');
  if ((Number.parseInt(flags.slice(0, 2), 16) & 0x80) === 0) return 'disk';
  return { '04': 'pxe', '14': 'cd' }[flags.slice(2, 4)] ?? 'disk';
}

describeBmcContract('ipmitool', async () => {
  const fake = createFakeIpmitool(password);
  const drivers = createBmcDrivers({ timings, ipmitool: fake.program });
  let line = 0;
  return {
    port: drivers.openBmc(target),
    serial: 'S210042X5A01234',
    macs: [],
    takeBoot: () => takeBoot(fake),
    addLog(text) {
      line += 1;
      fake.write(
        'sel',
        `${fake.read('sel')}   ${line} | 11/21/2026 | 09:00:0${line} UTC | Fan #0x41 | ${text} | Asserted\n`,
      );
    },
    raceTo(power) {
      fake.write('power', `${power}\n`);
      fake.write('stale', power === 'on' ? 'off' : 'on');
    },
    refusals: () => fake.read('refused').split('\n').length - 1,
    refusesAlreadyThere: true,
    progress: { inPost: undefined, over: undefined },
    startPost: () => fake.write('power', 'on\n'),
    endPost: () => undefined,
    can: { mode: true, media: false, log: true, uefiHttp: false },
    async close() {
      await drivers.closeAll();
      const argv = fake.read('argv');
      for (const line of argv.split('\n').filter((one) => one !== '')) {
        expect(line).toMatch(/^-I lanplus -H 127\.0\.0\.1 -p 623 -U ADMIN -E -N 2 -R 3 /);
      }
      expect(argv).not.toContain(password);
      fake.remove();
    },
  };
});

describe('a BMC behind ipmitool', () => {
  let fake: FakeIpmitool;
  let drivers: BmcDrivers;
  let port: BmcPort;
  const notes: string[] = [];
  beforeEach(() => {
    fake = createFakeIpmitool(password);
    drivers = createBmcDrivers({ timings, ipmitool: fake.program, onNote: (_, text) => notes.push(text) });
    port = drivers.openBmc(target);
  });
  afterEach(async () => {
    await drivers.closeAll();
    fake.remove();
  });

  test('that boots from the network for ever, and takes no other setting, is no boot once', async () => {
    fake.write('flags', 'e004000000\n');
    fake.write('deaf', '');
    const problem = await problemOf(port.overrideOnce('pxe', 'uefi', false));
    expect(problem.message).toMatch(/accepted the boot override, but reads back pxe, continuous/);
  });

  test('whose efiboot option does nothing gets the bytes by hand', async () => {
    fake.write('no-efiboot', '');
    expect(await mustBe(port.overrideOnce('pxe', 'uefi', false))).toEqual({
      target: 'pxe',
      enabled: 'once',
      mode: 'uefi',
    });
    expect(fake.read('argv')).toContain('raw 0x00 0x08 0x03 0x08');
    expect(fake.read('argv')).toContain('raw 0x00 0x08 0x05 0xa0 0x04 0x00 0x00 0x00');
  });

  test('that takes no override at all is found out', async () => {
    fake.write('deaf', '');
    expect(await problemOf(port.overrideOnce('pxe', 'uefi', false))).toMatchObject({ code: 'notTaken' });
  });

  test('whose power never changes is told as such', async () => {
    fake.write('stuck', '');
    const quick = createBmcDrivers({ timings: { ...timings, powerWaitMs: 60 }, ipmitool: fake.program });
    expect(await problemOf(quick.openBmc(target).setPower('on'))).toMatchObject({ code: 'notTaken' });
  });

  const END = 'Set Chassis Power Control to Reset failed: ';
  test.each([
    ['no answer came', 'Unable to set Chassis Power Control to Reset', 'timeout', true],
    ['the BMC gave up waiting for itself', `${END}Timeout while processing command`, 'busy', true],
    ['it was busy', `${END}Node busy`, 'busy', undefined],
    ['it refused', `${END}Insufficient privilege level`, 'credentials', undefined],
    [
      'there was no session to send it in',
      'Error: Unable to establish IPMI v2 / RMCP+ session\nUnable to set Chassis Power Control to Reset',
      'unreachable',
      undefined,
    ],
  ] as const)('that failed may carry an order out yet, or not: %s', async (_name, words, code, maybeDone) => {
    fake.write('power', 'on\n');
    fake.write('power-error', words);
    const quick = createBmcDrivers({ timings: { ...timings, powerWaitMs: 60 }, ipmitool: fake.program });
    const reset = await problemOf(quick.openBmc(target).setPower('reset'));
    expect([reset.code, reset.maybeDone]).toEqual([code, maybeDone]);
    // Off is waited for where it is busy: what it says at last is that nothing changed.
    const off = await problemOf(quick.openBmc(target).setPower('forceOff'));
    expect([off.code, off.maybeDone]).toEqual(code === 'busy' ? ['notTaken', undefined] : [code, maybeDone]);
  });

  test('that never ends an order may carry it out yet; one to switch on cuts nothing', async () => {
    fake.write('deaf-power', '');
    const quick = createBmcDrivers({ timings: { ...timings, requestMs: 400 }, ipmitool: fake.program });
    const on = await problemOf(quick.openBmc(target).setPower('on'));
    expect([on.code, on.maybeDone]).toEqual(['timeout', undefined]);
    fake.write('power', 'on\n');
    expect(await problemOf(quick.openBmc(target).setPower('reset'))).toMatchObject({
      code: 'timeout',
      maybeDone: true,
    });
    expect(await problemOf(quick.openBmc(target).setPower('cycle'))).toMatchObject({
      code: 'timeout',
      maybeDone: true,
    });
  });

  test('tells the vendor, the firmware and the board, and drops placeholders', async () => {
    const identity = await mustBe(port.readIdentity());
    expect(identity).toMatchObject({
      vendor: 'Supermicro',
      boardSerial: 'ZM15AS021243',
      sku: 'SYS-5018D-FN4T',
      firmwareVersion: '3.65',
      uuid: '30373233-3431-584d-5138-323430323834',
      locate: 'off',
    });
    expect(identity.asset).toBeUndefined();
    expect(identity.model).toBeUndefined();
  });

  test('that rejects the password is asked twice at most, and the password shows nowhere', async () => {
    fake.write('echo-password', '');
    const wrong = { ...target, password: 'not-the-password' };
    const problems: unknown[] = [];
    for (let round = 0; round < 4; round += 1) problems.push(await problemOf(drivers.openBmc(wrong).readPower()));
    expect(problems).toMatchObject(Array(4).fill({ code: 'credentials' }));
    expect(fake.read('rejected').trim().split('\n')).toHaveLength(2);
    expect(JSON.stringify([problems, notes]) + fake.read('argv')).not.toContain('not-the-password');
    expect(await mustBe(port.readPower())).toBe('off');
  });

  test('that does not answer is given up after the time for one request', async () => {
    fake.write('sleep', '20');
    const quick = createBmcDrivers({ timings: { ...timings, requestMs: 150 }, ipmitool: fake.program });
    expect(await problemOf(quick.openBmc(target).readPower())).toMatchObject({ code: 'timeout' });
  });

  test.each([
    ['Get Auth Capabilities error\nError: Unable to establish IPMI v2 / RMCP+ session', 'unreachable'],
    ['Insufficient resources for session\nError: Unable to establish IPMI v2 / RMCP+ session', 'sessionLimit'],
    ['RAKP 2 message indicates an error : unauthorized name', 'credentials'],
    ['Error in open session response message : invalid role', 'credentials'],
    ['Get Chassis Power Status failed: Node busy', 'busy'],
    ['Get Chassis Power Status failed: Invalid command', 'unsupported'],
    ['something new', 'notTaken'],
  ])('that fails with "%s" is %s', async (text, code) => {
    fake.write('error', text);
    const problem = await problemOf(port.readPower());
    expect(problem.code).toBe(code);
    expect(problem.message).toMatch(/^127\.0\.0\.1 /);
  });

  test('without the program names the Debian package', async () => {
    const without = createBmcDrivers({ timings, ipmitool: '/nowhere/ipmitool' });
    const problem = await problemOf(without.openBmc(target).readPower());
    expect(problem).toMatchObject({ code: 'missingProgram' });
    expect(problem.advice).toContain('Debian package ipmitool');
  });
});

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { BmcPort } from '../../../src/core/bmc.ts';
import { postBy } from '../../../src/core/boot-progress.ts';
import { readBmcStatus } from '../../../src/drivers/read-bmc-status.ts';
import { mustBe } from './sim-port.ts';

/** What every BMC must do through the port, whatever it speaks. */
export interface ContractSubject {
  readonly port: BmcPort;
  readonly serial: string | undefined;
  readonly macs: readonly string[];
  /** The machine starts and its firmware asks what to boot. */
  takeBoot(): string;
  addLog(text: string): void;
  /** Somebody was faster at the button: the BMC shows what was before, and refuses what is so already. */
  raceTo(power: 'on' | 'off'): void;
  /** How often it was told to switch, and said no. */
  refusals(): number;
  /** Whether it refuses what is so already, or takes it. */
  readonly refusesAlreadyThere: boolean;
  /** What it tells of the start; undefined where it tells nothing. */
  readonly progress: Readonly<Record<'inPost' | 'over', string | undefined>>;
  startPost(): void;
  endPost(): void;
  readonly can: { readonly mode: boolean; readonly media: boolean; readonly log: boolean; readonly uefiHttp: boolean };
  close(): Promise<void>;
}

export function describeBmcContract(name: string, open: () => Promise<ContractSubject>): void {
  describe(name, () => {
    let subject: ContractSubject;
    beforeEach(async () => {
      subject = await open();
    });
    afterEach(() => subject.close());

    test('tells the power state, switches on and off, and takes "already there" for success', async () => {
      const { port } = subject;
      expect(await mustBe(port.readPower())).toBe('off');
      expect(await mustBe(port.setPower('forceOff'))).toEqual({ power: 'off', did: 'nothing' });
      expect(await mustBe(port.setPower('on'))).toEqual({ power: 'on', did: 'on' });
      expect(await mustBe(port.setPower('on'))).toEqual({ power: 'on', did: 'nothing' });
      expect(await mustBe(port.setPower('reset'))).toEqual({ power: 'on', did: 'cut' });
      expect(await mustBe(port.setPower('cycle'))).toEqual({ power: 'on', did: 'cut' });
      expect(await mustBe(port.setPower('off'))).toEqual({ power: 'off', did: 'cut' });
      expect(await mustBe(port.setPower('off'))).toEqual({ power: 'off', did: 'nothing' });
    });

    test.each(['on', 'off'] as const)('takes "already there" for success where it is refused: %s', async (goal) => {
      const { port } = subject;
      subject.raceTo(goal);
      // Where it is not refused nobody can tell whose order it was.
      const did = subject.refusesAlreadyThere ? 'nothing' : goal === 'on' ? 'on' : 'cut';
      const order = goal === 'on' ? 'on' : 'forceOff';
      expect(await mustBe(port.setPower(order))).toEqual({ power: goal, did });
      expect(subject.refusals()).toBe(subject.refusesAlreadyThere ? 1 : 0);
      expect(await mustBe(port.readPower())).toBe(goal);
    });

    test('starts a machine that is off when it is told to cycle or to reset', async () => {
      expect(await mustBe(subject.port.setPower('cycle'))).toEqual({ power: 'on', did: 'on' });
      expect(await mustBe(subject.port.setPower('forceOff'))).toEqual({ power: 'off', did: 'cut' });
      expect(await mustBe(subject.port.setPower('reset'))).toEqual({ power: 'on', did: 'on' });
    });

    test('sets PXE once, reads it back, and the firmware uses it up', async () => {
      const { port } = subject;
      const set = await mustBe(port.overrideOnce('pxe', 'uefi', false));
      expect(set).toMatchObject({ target: 'pxe', enabled: 'once', ...(subject.can.mode ? { mode: 'uefi' } : {}) });
      expect((await mustBe(port.readOverride())).enabled).toBe('once');
      expect(subject.takeBoot()).toBe('pxe');
      expect((await mustBe(port.readOverride())).enabled).toBe('disabled');
      expect(subject.takeBoot()).toBe('disk');
    });

    test.each([false, true])('sets PXE once where nobody said in which mode (full payload: %s)', async (full) => {
      const { port } = subject;
      const before = (await mustBe(port.readOverride())).mode;
      const set = await mustBe(port.overrideOnce('pxe', undefined, full));
      expect(set).toMatchObject({ target: 'pxe', enabled: 'once' });
      if (before !== undefined) expect(set.mode).toBe(before);
      expect(subject.takeBoot()).toBe('pxe');
    });

    test('sets PXE once with the full payload, and clears it again', async () => {
      const { port } = subject;
      await mustBe(port.overrideOnce('pxe', 'uefi', true));
      expect((await mustBe(port.clearOverride())).enabled).toBe('disabled');
      expect(subject.takeBoot()).toBe('disk');
      expect((await mustBe(port.clearOverride())).enabled).toBe('disabled');
    });

    test('sets UEFI HTTP boot once, or says that it cannot', async () => {
      const set = await subject.port.overrideOnce('uefiHttp', 'uefi', false);
      if (subject.can.uefiHttp) {
        expect(set).toMatchObject({ ok: true, value: { target: 'uefiHttp', enabled: 'once' } });
        expect(subject.takeBoot()).toBe('uefiHttp');
      } else {
        expect(set).toMatchObject({ ok: false, error: { code: 'unsupported' } });
      }
    });

    test('tells who the machine is', async () => {
      const identity = await mustBe(subject.port.readIdentity());
      expect(identity.serial).toBe(subject.serial);
      expect(identity.macs.map((one) => one.mac).sort()).toEqual([...subject.macs].sort());
      expect(identity.vendor).not.toBe('');
      expect(identity.bootTargets).toContain('pxe');
      expect(identity.bootTargets.includes('uefiHttp')).toBe(subject.can.uefiHttp);
      expect(identity.canInsertMedia).toBe(subject.can.media);
      expect(identity.firmwareVersion).toBeDefined();
    });

    test('lights the locate lamp and puts it back', async () => {
      const { port } = subject;
      const before = (await mustBe(port.readIdentity())).locate;
      const lit = await mustBe(port.setLocate(true));
      expect(lit.light).not.toBe('off');
      expect((await mustBe(port.readIdentity())).locate).toBe(lit.light);
      await mustBe(port.setLocate(false, lit.rest));
      expect((await mustBe(port.readIdentity())).locate).toBe(before);
    });

    test('inserts an image, boots from it and ejects it, or says that it cannot', async () => {
      const { port, can } = subject;
      const inserted = await port.insertMedia('http://127.0.0.1:8080/m/first/boot.iso');
      if (!can.media) {
        expect(inserted).toMatchObject({ ok: false, error: { code: 'unsupported' } });
        return;
      }
      expect(inserted).toMatchObject({ ok: true });
      await mustBe(port.insertMedia('http://127.0.0.1:8080/m/second/boot.iso'));
      expect(await mustBe(port.overrideOnce('cd', 'uefi', false))).toMatchObject({ target: 'cd', enabled: 'once' });
      expect(subject.takeBoot()).toBe('cd');
      await mustBe(port.ejectMedia('/m/second/boot.iso'));
      await mustBe(port.ejectMedia('/m/second/boot.iso'));
    });

    test('reads the newest lines of the hardware log, newest first', async () => {
      for (const text of ['fan failed', 'fan is back', 'chassis opened']) {
        subject.addLog(text);
        await new Promise((resolve) => setTimeout(resolve, 3));
      }
      const lines = await mustBe(subject.port.readLog(2));
      if (!subject.can.log) return;
      expect(lines).toHaveLength(2);
      expect(lines[0]?.text).toContain('chassis opened');
      expect(lines[1]?.text).toContain('fan is back');
    });

    test('tells how far the start is, where it can, and whether POST is over', async () => {
      const { port, progress } = subject;
      const told = async () => [await mustBe(port.readBootProgress()), (await mustBe(readBmcStatus(port))).progress];
      subject.startPost();
      expect(await told()).toEqual([progress.inPost, progress.inPost]);
      expect(postBy(progress.inPost)).toBe(progress.inPost === undefined ? 'untold' : 'goesOn');
      subject.endPost();
      expect(await told()).toEqual([progress.over, progress.over]);
      expect(postBy(progress.over)).toBe(progress.over === undefined ? 'untold' : 'over');
    });

    test('answers "stopped" after it was closed, and may be closed twice', async () => {
      await mustBe(subject.port.readPower());
      await subject.port.close();
      await subject.port.close();
      expect(await subject.port.readPower()).toMatchObject({ ok: false, error: { code: 'stopped' } });
    });
  });
}

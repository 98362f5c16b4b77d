import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openServedRack, type ServedRack, skipsFirmware } from './open-served-rack.ts';
import { OFFICE_SERVER, RELAY_ROUTER } from './rack-network.ts';

/** Real firmware where the program is not alone: beside another DHCP server, and behind a relay that is not ours. */
const MINUTE = 60_000;
const LOADERS = { uefi: 'snponly.efi', arm64: 'ipxe-arm64.efi' } as const;

/** What a capture shows of who spoke to whom, in order: `10.77.5.20.4011 > 10.77.5.1.4011: UDP, length 347`. */
async function captured({ rack }: ServedRack): Promise<readonly string[]> {
  const text = await readFile(join(rack.folder, 'wire.txt'), 'utf8');
  return text.split('\n').flatMap((line) => /^\d+\.\d+ IP (.*)$/.exec(line)?.[1] ?? []);
}

/** Each of them was on the wire, and for the first time after the one before. */
function expectInOrder(wire: readonly string[], steps: readonly string[]): void {
  const places = steps.map((step) => wire.findIndex((line) => line.startsWith(step)));
  expect(places, `${steps.join('\n')}\nof\n${wire.join('\n')}`).not.toContain(-1);
  expect(places).toEqual(places.toSorted((a, b) => a - b));
}

const textsOf = async ({ program }: ServedRack, name: string, sinceMs: number): Promise<readonly string[]> =>
  (await program.log(name, sinceMs)).map(({ text }) => text);

describe.skipIf(skipsFirmware)('real firmware beside a dnsmasq that gives addresses', { concurrent: false }, () => {
  let served: ServedRack;

  beforeAll(async () => {
    const wishes = [
      { name: 'uefi', kind: 'uefi' },
      { name: 'arm64', kind: 'arm64' },
      { name: 'uefi-http', kind: 'http' },
      { name: 'bios-vendor', kind: 'bios-plain' },
    ] as const;
    served = await openServedRack('proxy', wishes, 'proxy');
  }, 8 * MINUTE);

  afterAll(() => served?.close(), MINUTE);

  /** Its addresses are dnsmasq's alone, and dnsmasq knows of nothing to boot. */
  async function expectOfficeAddress(name: string, sinceMs: number): Promise<void> {
    const { ip, mac } = served.rack.machine(name);
    const office = await readFile(join(served.rack.folder, 'office.log'), 'utf8');
    expect(office).toContain(`DHCPACK(o0) ${ip} ${mac}`);
    expect(office).not.toContain('bootfile name');
    expect((await textsOf(served, name, sinceMs)).filter((text) => /: (?:offered|leased) /.test(text))).toEqual([]);
  }

  it(
    'UEFI PXE of amd64 and of arm64 comes by port 4011 to a system on its disk',
    async () => {
      const { rack, checks } = served;
      const since = Date.now();
      await checks.install(['uefi', 'arm64']);
      const wire = await captured(served);
      for (const name of ['uefi', 'arm64'] as const) {
        const { ip } = rack.machine(name);
        const server = rack.net.server;
        const [asks, answers] = [`${ip}.4011 > ${server}.4011: `, `${server}.4011 > ${ip}.4011: `];
        const fetches = wire.find((line) => line.startsWith(`${ip}.`) && line.includes(`RRQ "${LOADERS[name]}"`));
        expectInOrder(wire, [asks, answers, fetches ?? `${ip} fetches ${LOADERS[name]}`]);
        const said = (await textsOf(served, name, since)).filter((text) =>
          text.includes(`: boot server: ${LOADERS[name]} to ${ip} (install:`),
        );
        expect(said).not.toEqual([]);
        await expectOfficeAddress(name, since);
      }
      expect(wire.filter((line) => line.startsWith(`${OFFICE_SERVER}.4011 `))).toEqual([]);
    },
    20 * MINUTE,
  );

  it(
    'unarmed, it comes by port 4011 again and is sent to its disk, and no byte of that changes',
    async () => {
      const { rack, checks } = served;
      const since = Date.now();
      // OVMF of amd64 would look for IPv6 for a minute before it goes on to its disk.
      await checks.expectSentToDisk(['arm64']);
      const { ip } = rack.machine('arm64');
      const said = (await textsOf(served, 'arm64', since)).filter((text) => text.includes(': boot server: '));
      expect(said).not.toEqual([]);
      expect(said.filter((text) => !text.includes(`to ${ip} (local:`))).toEqual([]);
    },
    20 * MINUTE,
  );

  it(
    'UEFI HTTP boot and a plain BIOS ROM go from power-on to a system on their disk',
    async () => {
      const { checks } = served;
      const since = Date.now();
      const names = ['uefi-http', 'bios-vendor'];
      await checks.install(names);
      await checks.expectHttpBoot('uefi-http', since);
      for (const name of names) await expectOfficeAddress(name, since);
    },
    20 * MINUTE,
  );
});

describe.skipIf(skipsFirmware)('real firmware behind a relay', { concurrent: false }, () => {
  let served: ServedRack;

  beforeAll(async () => {
    const wishes = [
      { name: 'uefi', kind: 'uefi' },
      { name: 'bios', kind: 'bios' },
      { name: 'uefi-http', kind: 'http' },
      { name: 'arm64', kind: 'arm64' },
    ] as const;
    served = await openServedRack('relay', wishes, 'relay');
  }, 8 * MINUTE);

  afterAll(() => served?.close(), MINUTE);

  /** Asked through the relay, and answered to the address that the relay has on the machines' side. */
  async function expectRelayed(name: string): Promise<void> {
    const { ip, mac } = served.rack.machine(name);
    const { server } = served.rack.net;
    const wire = await captured(served);
    const asks = `${RELAY_ROUTER.far}.67 > ${server}.67: BOOTP/DHCP, Request from `;
    const answers = `${server}.67 > ${RELAY_ROUTER.near}.67: BOOTP/DHCP, Reply`;
    expect(wire.filter((line) => line.startsWith(asks + mac)).length).toBeGreaterThan(1);
    expect(wire.filter((line) => line.startsWith(answers)).length).toBeGreaterThan(1);
    // By no other way, but for a system that renews its lease: it asks the server itself.
    expect(wire.filter((line) => /^0\.0\.0\.0\.| > 255\.255\.255\.255\./.test(line))).toEqual([]);
    const relay = await readFile(join(served.rack.folder, 'relay.log'), 'utf8');
    expect(relay).toContain(`Forwarded BOOTREPLY for ${mac} to ${ip}`);
  }

  it(
    'UEFI PXE and iPXE in a BIOS ROM go over dhcrelay and a router to a system on their disk',
    async () => {
      const { rack, checks } = served;
      const since = Date.now();
      await checks.install(['uefi', 'bios']);
      for (const name of ['uefi', 'bios']) {
        await expectRelayed(name);
        const asked = await checks.askedSince(name, since);
        expect(asked.filter((text) => text.startsWith('200 /s: script: install'))).toHaveLength(1);
        expect(asked.filter((text) => /^kernel: (\d+) of \1 bytes, sent$/.test(text))).toHaveLength(1);
      }
      const { ip } = rack.machine('uefi');
      const fetches = new RegExp(`^${ip}\\.\\d+ > ${rack.net.server}\\.69: .*RRQ "${LOADERS.uefi}"`);
      expect((await captured(served)).filter((line) => fetches.test(line))).not.toEqual([]);
    },
    20 * MINUTE,
  );

  it(
    'unarmed, a machine behind the relay is sent to its disk, and no byte of that changes',
    async () => {
      await served.checks.expectSentToDisk(['bios']);
    },
    20 * MINUTE,
  );

  it(
    'UEFI HTTP boot and arm64 UEFI go over dhcrelay and a router to a system on their disk',
    async () => {
      const { checks } = served;
      const since = Date.now();
      await checks.install(['uefi-http', 'arm64']);
      await checks.expectHttpBoot('uefi-http', since);
      for (const name of ['uefi-http', 'arm64']) await expectRelayed(name);
    },
    20 * MINUTE,
  );
});

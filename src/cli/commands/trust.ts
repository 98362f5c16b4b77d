import { type Fleet, nodeOf } from '../../core/fleet.ts';
import type { BmcSpec } from '../../core/spec.ts';
import { parseBmcUrl } from '../../drivers/bmc-url.ts';
import { type CertificateFacts, parseFingerprint, readFingerprint } from '../../drivers/redfish/tls-pin.ts';
import type { LinkClient } from '../../link/connect-link.ts';
import {
  type Command,
  type CommandContext,
  EXIT,
  type ExitCode,
  flag,
  ORDER_OPTIONS,
  textOption,
  usageProblem,
} from '../command.ts';
import { knownNodes, orderAndSay, takesNames, withEngine } from '../order-command.ts';

export const trustCommand: Command = {
  name: 'trust',
  summary: 'look at the certificate of a BMC, and confirm it',
  usage: [
    'trust NODE…                          (shows them; nothing is confirmed)',
    'trust NODE --fingerprint SHA256',
    'trust NODE… --first-use',
  ],
  about:
    'No password goes to a BMC whose certificate nobody confirmed. Compare what is shown with the BMC itself (its page, its console, the label), then give it back with --fingerprint: it is confirmed only if the BMC still shows exactly that one. --first-use takes what is shown now, for new machines on a wire that only you have; never one that changed. `bmc.fingerprint` or `bmc.tls: { ca: FILE }` in the inventory do the same for good.',
  options: {
    fingerprint: { type: 'string', value: 'SHA256', help: 'the one that was compared, with or without colons' },
    'first-use': { type: 'boolean', help: 'confirm what is shown, where none was confirmed before' },
    ...ORDER_OPTIONS,
  },
  completes: 'nodes',
  examples: ['crashcart trust r07-u33', 'crashcart trust r07-u33 --fingerprint 3A:7F:…'],
  run: async (context) => {
    const given = textOption(context, 'fingerprint');
    const wanted = given === undefined ? undefined : parseFingerprint(given);
    if (given !== undefined && wanted === undefined)
      throw usageProblem('--fingerprint takes a SHA-256: 64 hex digits, colons allowed');
    if (given !== undefined && context.words.length !== 1)
      throw usageProblem('--fingerprint belongs to one machine: crashcart trust NODE --fingerprint SHA256');
    takesNames(context.words, 'trust');
    const writes = given !== undefined || flag(context, 'first-use');
    return withEngine(
      context,
      'trust',
      async (client, fleet) => {
        let code: ExitCode = EXIT.done;
        for (const name of knownNodes(fleet, context.words, 'trust')) {
          const one = await trustOne(context, client, fleet, name, wanted);
          if (one !== EXIT.done) code = one;
        }
        return code;
      },
      writes ? 'writes' : 'reads',
    );
  },
};

async function trustOne(
  context: CommandContext,
  client: LinkClient,
  fleet: Fleet,
  name: string,
  wanted: string | undefined,
): Promise<ExitCode> {
  const bmc = nodeOf(fleet, name)?.spec.bmc;
  const no = (why: string): ExitCode => {
    if (flag(context, 'json')) context.out(`${JSON.stringify({ name, error: why })}\n`);
    else context.err(`crashcart: ${name}: ${why}\n`);
    return EXIT.no;
  };
  if (bmc === undefined) return no('has no BMC in the inventory');
  if (bmc.tls !== undefined && bmc.fingerprint === undefined)
    return no('its certificate is checked by the CA of `bmc.tls.ca`; there is nothing to confirm');
  const seen = await look(bmc);
  if (!seen.ok) return no(seen.error);
  const pinned = parseFingerprint(bmc.fingerprint ?? fleet.fingerprints[name]);
  const { fingerprint } = seen.value;
  const state = pinned === undefined ? 'new' : pinned === fingerprint ? 'confirmed' : 'changed';
  show(context, name, seen.value, state, pinned);
  if (state === 'confirmed') return EXIT.done;
  if (bmc.fingerprint !== undefined)
    return no('the inventory names another fingerprint: that one counts, correct `bmc.fingerprint` there');
  if (wanted !== undefined)
    return wanted === fingerprint
      ? orderAndSay(context, client, { type: 'trustFingerprint', node: name, fingerprint })
      : no('shows another certificate than the one that was given; nothing is confirmed');
  if (!flag(context, 'first-use')) return EXIT.no;
  if (state === 'changed')
    return no('the certificate is another than the one confirmed before: compare it, then give it with --fingerprint');
  return orderAndSay(context, client, { type: 'trustFingerprint', node: name, fingerprint });
}

async function look(bmc: BmcSpec): Promise<{ ok: true; value: CertificateFacts } | { ok: false; error: string }> {
  const address = parseBmcUrl(bmc.url);
  if (!address.ok) return address;
  if (address.value.kind === 'ipmi') return { ok: false, error: 'is reached by IPMI, which has no certificate' };
  if (!address.value.secure) return { ok: false, error: 'is reached by plain HTTP, which has no certificate' };
  const seen = await readFingerprint(address.value.origin, {
    ...(bmc.tlsMinVersion === undefined ? {} : { tlsMinVersion: bmc.tlsMinVersion }),
  });
  return seen.ok ? seen : { ok: false, error: `${seen.error.message} ${seen.error.advice}` };
}

function show(
  context: CommandContext,
  name: string,
  { fingerprint, subject, validFrom, validTo }: CertificateFacts,
  state: 'new' | 'confirmed' | 'changed',
  pinned: string | undefined,
): void {
  if (flag(context, 'json')) {
    context.out(`${JSON.stringify({ name, state, fingerprint, subject, validFrom, validTo, pinned })}\n`);
    return;
  }
  const said = {
    new: 'nobody has confirmed it yet',
    confirmed: 'confirmed',
    changed: `CHANGED: confirmed was ${pinned ?? ''}`,
  }[state];
  context.out(`${name}: ${fingerprint}\n  ${subject ?? 'no name'}, ${validFrom} to ${validTo}; ${said}\n`);
}

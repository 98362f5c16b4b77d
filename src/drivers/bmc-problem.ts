import type { BmcFailure, BmcProblem } from '../core/bmc.ts';
import { cleanText } from '../core/clean-text.ts';

const ADVICE: Record<BmcFailure, string> = {
  unreachable: 'Check the address, the management network and that the BMC is powered.',
  timeout: 'Try again; if it stays slow, restart the BMC (a cold reset from its own page does not touch the host).',
  tls: 'If this BMC knows only old TLS, set bmc.tlsMinVersion in its node file; otherwise update its firmware.',
  pinMissing: 'Compare the fingerprint with the one on the BMC itself, then confirm it.',
  pinChanged:
    'A factory reset, a firmware update or a new host name make a new certificate; so does somebody in between. Compare before you confirm the new one.',
  credentials: 'Check bmc.username and bmc.password; the driver does not try again until one of them changes.',
  passwordChangeRequired: 'Log in to the BMC page once, set a new password, and put it where bmc.password points.',
  sessionLimit: 'Close sessions on the BMC page or wait for them to expire (30 s to 30 min), then try again.',
  noSystem:
    'Look at the Systems collection in the BMC page; set bmc.system if it serves the machine under another name.',
  ambiguousSystem: 'Set bmc.system in the node file to the one that is meant.',
  unsupported: 'This BMC cannot do it. Do it at the machine, or by another way in.',
  notTaken:
    'The BMC said yes and did nothing. Do it at the machine or on the page of the BMC; a newer firmware of it may help.',
  busy: 'The BMC is busy, often because the machine is in POST or a job is queued. Try again in some minutes.',
  garbage: 'The answer is not Redfish. Check that the address is a BMC, and restart the BMC if it is.',
  tooLarge: 'The answer is larger than any sane BMC sends. Check that the address is a BMC.',
  noMedium: 'Bring its loader into the vault, or write boot: network in its file.',
  missingProgram: 'Install the Debian package ipmitool (apt install ipmitool).',
  stopped: 'The operation was stopped from here.',
  notOurs: 'Compare bmc.url and the names of the machine in the inventory with the machine itself.',
  held: 'Look at the machine, and order it again.',
  heldBack: 'When that is over, look at the machine and retry it: the order is not given again by itself.',
};

/** What a BMC says ends with anything; what to try stands behind it. */
const sentence = (text: string): string => (/[.!?]$/.test(text) ? text : `${text}.`);

/** One sentence of what was seen, one of what to try. Text that came from outside is cleaned; secrets never get here. */
export function bmcProblem(code: BmcFailure, message: string, advice?: string, fingerprint?: string): BmcProblem {
  return {
    code,
    message: sentence(cleanText(message, 400)),
    advice: cleanText(advice ?? ADVICE[code], 400),
    ...(fingerprint === undefined ? {} : { fingerprint }),
  };
}

export const maybeDone = (problem: BmcProblem): BmcProblem => ({ ...problem, maybeDone: true });

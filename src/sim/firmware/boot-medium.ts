import type { BootEnd, SimHost } from '../machine/sim-host.ts';
import type { SimRun } from '../run/sim-run.ts';
import { createHttpClient } from '../wire/fetch-http.ts';
import type { FirmwareKind } from './firmware-kinds.ts';
import { readLoaderMark } from './loader-mark.ts';
import { runIpxe } from './run-ipxe.ts';

/** ECMA-119 6.7: the first volume descriptor stands in sector 16, behind its type. */
const CD_MARK_AT = 16 * 2048 + 1;
/** The BMC reads from a network of its own. */
const BMC_ADDRESS = '127.0.0.1';

/** The BMC fetches the image, the firmware finds a CD, and what is on it runs. */
export async function bootMedium(
  run: SimRun,
  host: SimHost,
  kind: FirmwareKind,
  url: string | undefined,
): Promise<BootEnd> {
  if (url === undefined) return { is: 'next', why: 'nothing is inserted' };
  host.step('loader');
  const http = createHttpClient(run, BMC_ADDRESS, 'BMC virtual media');
  const image = await http.fetch({ url });
  http.close();
  if (!image.ok) return { is: 'next', why: image.error };
  const { status, body } = image.value;
  if (status !== 200) return { is: 'next', why: `HTTP ${status}` };
  if (body.toString('latin1', CD_MARK_AT, CD_MARK_AT + 5) !== 'CD001') return { is: 'next', why: 'no CD' };
  const at = body.indexOf('SIMULATED crashcart loader');
  const mark = at === -1 ? undefined : readLoaderMark(body.subarray(at));
  if (mark !== undefined && (mark.mode !== kind.mode || (kind.mode === 'uefi' && mark.cpu !== kind.cpu)))
    return { is: 'next', why: `the loader ${mark.name} does not run here` };
  host.note(`starting from the virtual medium, ${image.value.sizeBytes} bytes`);
  return runIpxe(run, host, kind, undefined);
}

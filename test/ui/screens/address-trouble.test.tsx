import { describe, expect, test } from 'vitest';
import type { Stranger } from '../../../src/core/fleet.ts';
import { emptyShardMap, setIn, shardMapOf } from '../../../src/core/shard-map.ts';
import { alarmsOf } from '../../../src/ui/select/alarms.ts';
import { type ScreenModel, withView } from '../../../src/ui/state/screen-model.ts';
import { drawScreen, PROFILES } from '../draw-screen.tsx';
import { NOW } from '../sample-fleet.ts';
import { play, sampleModel } from '../sample-model.ts';

const WHY = 'no free address: the share of strangers in the pool of 10.9.0.0/24 is used up';

async function pageOf(facts: Partial<Stranger>): Promise<string> {
  const one = {
    mac: '52:54:00:d0:00:01',
    firstAt: NOW,
    lastAt: NOW,
    asks: 3,
    asked: 'firmware',
    ignored: false,
    ...facts,
  };
  const model = sampleModel('normal');
  const strangers = setIn(emptyShardMap<Stranger>(), one.mac, one as Stranger);
  const ports = { ...model.fleet.index, switchPorts: shardMapOf([['ge-1', ['r07-u09']] as const]) };
  const known = withView({ ...model, fleet: { ...model.fleet, strangers, index: ports } });
  const drawn = await drawScreen(play(known, ['d']).model, PROFILES.vt);
  return drawn.lines().join(' ').replaceAll(/\s+/g, ' ');
}

describe('the page of an unknown machine tells what it has had', () => {
  test.each<readonly [string, Partial<Stranger>, string]>([
    ['no answer', { unserved: WHY }, `It got no answer: ${WHY}. Give that network a larger`],
    [
      'nothing that is noted',
      {},
      'No boot file was offered to it here. Whether it fetched a loader by its name is not noted',
    ],
    ['an address', { address: '10.9.0.9' }, 'No boot file was offered to it here; it has 10.9.0.9.'],
    ['a loader', { offered: 'ipxe.efi', address: '10.9.0.9' }, 'It was offered ipxe.efi, while discovery was on'],
    ['its disk, and asked anew since', { scripted: true }, 'Its boot script sent it to its own disk'],
    ['the name that it gives', { hostName: 'crashcart-doctor' }, 'last as firmware; says it is crashcart-doctor'],
    [
      'an address on the port of a machine',
      { asked: 'os', switchPort: 'ge-1', address: '10.9.0.9' },
      'A system on the switch port of r07-u09, and has 10.9.0.9: a BMC that shares it, a guest, or a NIC that is in no file. It tells nothing of that machine.',
    ],
    ['its disk', { asked: 'script', address: '10.9.0.9' }, 'Its boot script sent it to its own disk'],
  ])('%s', async (_, facts, text) => {
    expect(await pageOf(facts)).toContain(text);
  });
});

test('alarms name unknown machines without an address, and addresses that somebody else uses', () => {
  const model: ScreenModel = sampleModel('normal');
  const one: Stranger = {
    mac: '52:54:00:d0:00:01',
    firstAt: NOW,
    lastAt: NOW,
    asks: 3,
    asked: 'firmware',
    ignored: false,
    unserved: WHY,
  };
  const strangers = setIn(emptyShardMap<Stranger>(), one.mac, one);
  const contested = { 'n1 lease': { node: 'n1', address: '10.9.0.9', how: 'lease', mac: 'm', at: NOW } as const };
  const alarms = alarmsOf({ ...model, fleet: { ...model.fleet, strangers, contested } });
  expect(alarms.map(({ title, texts }) => `${title}: ${texts[0]}`)).toEqual(
    expect.arrayContaining([
      'ADDRESSES THAT SOMEBODY ELSE USES: n1: m answers at 10.9.0.9, which n1 has from us: two machines use one address; find the other one',
      `NO ADDRESS FOR UNKNOWN MACHINES: 1 unknown machine got no answer: ${WHY}`,
    ]),
  );
});

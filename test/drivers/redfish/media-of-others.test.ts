import { afterEach, describe, expect, test } from 'vitest';
import { type Bench, mustBe, openSim, problemOf } from './sim-port.ts';

let bench: Bench | undefined;
afterEach(async () => {
  await bench?.close();
  bench = undefined;
});

const THEIRS = 'http://root:hunter2@files.example/tools/firmware.iso';
const OURS = 'http://127.0.0.1:8080/m/aaa/boot.iso';

async function open(personality: Parameters<typeof openSim>[0]['personality']) {
  bench = await openSim({ personality });
  const { media } = bench.sim.state;
  const images = () => [...media.values()].filter((slot) => slot.inserted).map((slot) => slot.image);
  const hold = (count: number, image = THEIRS) => {
    for (const id of [...media.keys()].slice(0, count)) media.set(id, { image, inserted: true });
  };
  return { port: bench.port, images, hold, slots: media.size };
}

describe('a medium that somebody else inserted', () => {
  test.each(['dell-idrac9-6', 'dell-idrac9-7'] as const)(
    'stays beside ours, which takes an empty slot and is ejected alone (%s)',
    async (personality) => {
      const { port, images, hold } = await open(personality);
      hold(1);
      await mustBe(port.insertMedia(OURS));
      expect(images()).toEqual([THEIRS, OURS]);
      await mustBe(port.ejectMedia('/m/aaa/boot.iso'));
      expect(images()).toEqual([THEIRS]);
    },
  );

  test.each(['ami-megarac', 'openbmc', 'supermicro-x11', 'dell-idrac9-6', 'lenovo-xcc'] as const)(
    'is not ejected where no slot is empty: it is named, without the password in its address (%s)',
    async (personality) => {
      const { port, images, hold, slots } = await open(personality);
      hold(slots);
      const problem = await problemOf(port.insertMedia(OURS));
      expect(problem.message).toMatch(/no empty slot for a virtual medium: firmware\.iso/);
      expect(problem.message).not.toContain('hunter2');
      expect(images()).toHaveLength(slots);
      await mustBe(port.ejectMedia('/m/aaa/boot.iso'));
      expect(images()).toHaveLength(slots);
    },
  );

  test('is none of ours because it has the same name; one of an earlier job of ours is', async () => {
    const { port, images, hold, slots } = await open('ami-megarac');
    hold(slots, 'http://files.example/m/bbb/boot.iso');
    await problemOf(port.insertMedia(OURS));
    hold(slots, 'http://127.0.0.1:8080/m/bbb/boot.iso');
    await mustBe(port.insertMedia(OURS));
    expect(images()).toEqual([OURS]);
  });
});

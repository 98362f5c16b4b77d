import type { LinkClient } from '../link/connect-link.ts';

/** Some dozens of orders side by side, as a loop of a shell gives them. */
const PATIENCE_MS = 10_000;
const SAY_AFTER_MS = 1_000;

/**
 * Orders that are given side by side wait for each other: the engine hands the write side on as each of them ends. A
 * person's screen may keep it for hours and is not waited for; nor is anybody longer than a moment. What forbids waits for no
 * order: that would be armed by then.
 */
export function awaitWriteSide(
  client: Pick<LinkClient, 'write' | 'onWrite' | 'onClose'>,
  err: (text: string) => void,
  forbids = false,
): Promise<void> {
  const side = client.write();
  if (side.mine || side.brief !== true || (forbids && side.mayForbid === true)) return Promise.resolve();
  return new Promise((resolve) => {
    const said = setTimeout(() => err(`crashcart: waits for another order to end: ${side.holder}\n`), SAY_AFTER_MS);
    const done = (): void => {
      clearTimeout(said);
      clearTimeout(over);
      resolve();
    };
    const over = setTimeout(done, PATIENCE_MS);
    client.onWrite(done);
    client.onClose(done);
  });
}

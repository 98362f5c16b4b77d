import type { LinkClient } from '../link/connect-link.ts';

export interface Interrupt {
  readonly isPressed: () => boolean;
  readonly off: () => void;
}

/**
 * Ctrl-C while machines are planned withdraws their order, and what became of it is waited for: until it is armed nothing
 * else says that it is there. A second one ends the command as ever.
 */
export function takeBackOnInterrupt(
  client: LinkClient,
  nodes: readonly string[],
  err: (text: string) => void,
): Interrupt {
  let isPressed = false;
  const press = (): void => {
    isPressed = true;
    err('crashcart: interrupted: the order is taken back\n');
    void client.ask({ type: 'act', action: { type: 'withdraw', nodes } });
  };
  process.once('SIGINT', press);
  return { isPressed: () => isPressed, off: () => void process.off('SIGINT', press) };
}

import type { MessagePort } from 'node:worker_threads';
import type { Carrier } from './link-protocol.ts';

/** The link between two threads of one process. */
export function createPortCarrier<Out, In>(port: MessagePort): Carrier<Out, In> {
  return {
    send: (message) => {
      port.postMessage(message);
      return true;
    },
    onMessage: (take) => {
      port.on('message', take);
    },
    onClose: (closed) => {
      port.on('close', () => closed('the engine thread ended'));
    },
    close: () => port.close(),
  };
}

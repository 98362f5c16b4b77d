import { networkInterfaces } from 'node:os';

export type Interfaces = ReturnType<typeof networkInterfaces>;

/** Undefined: the kernel does not tell it now. To ask takes a file, and there may be none left. */
export function interfacesHere(): Interfaces | undefined {
  try {
    return networkInterfaces();
  } catch {
    return undefined;
  }
}

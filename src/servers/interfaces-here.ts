import { networkInterfaces } from 'node:os';

export type Interfaces = ReturnType<typeof networkInterfaces>;

/** Undefined: the kernel does not tell it now. To ask takes a file, and there may be none left. */
export function interfacesHere(): Interfaces | undefined {
  try {
    return withoutLabels(networkInterfaces());
  } catch {
    return undefined;
  }
}

/** An address with a label (`eth1:0`) is listed under that, and is on `eth1` as any other. No name has a colon. */
export function withoutLabels(listed: Interfaces): Interfaces {
  if (!Object.keys(listed).some((name) => name.includes(':'))) return listed;
  const merged: Interfaces = {};
  for (const [label, list] of Object.entries(listed)) {
    const [name = label] = label.split(':');
    merged[name] = [...(merged[name] ?? []), ...(list ?? [])];
  }
  return merged;
}

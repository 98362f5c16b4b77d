/** What a line of the kernel log says of the machine that wrote it. */
export interface LogNames {
  readonly hostName?: string;
  readonly addresses?: readonly string[];
  /** Of this attempt, from the command line of the kernel that we sent. */
  readonly token?: string;
}

const TOKEN = /\btalos\.config=https?:\/\/[^\s"]{1,200}?\/t\/([a-z2-7]{32})\//;
/** By the controllers HostnameSpec and AddressSpec, with their values as JSON behind the words (1.9-1.14). */
const HOST_NAME = /^\[talos\] setting hostname\b.{0,300}"hostname":\s?"([a-z0-9.-]{1,253})"/i;
const ADDRESS = /^\[talos\] assigned address\b.{0,300}"address":\s?"([0-9.]{7,15})\/\d{1,2}"/;

/** Undefined for nearly every line. */
export function namesOfLog(text: string): LogNames | undefined {
  const token = text.includes('talos.config=') ? TOKEN.exec(text)?.[1] : undefined;
  if (token !== undefined) return { token };
  const hostName = HOST_NAME.exec(text)?.[1];
  if (hostName !== undefined) return { hostName };
  const address = ADDRESS.exec(text)?.[1];
  return address === undefined ? undefined : { addresses: [address] };
}

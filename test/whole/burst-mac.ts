const hex = (byte: number): string => byte.toString(16).padStart(2, '0');

/** The card of the machine with this number, of which there are up to 65,536. */
export const burstMac = (index: number): string => `52:54:00:99:${hex(index >> 8)}:${hex(index & 0xff)}`;

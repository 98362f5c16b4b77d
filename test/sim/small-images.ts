/** Several blocks of each, and small enough that a whole rack of machines fetches them in a test. */
export const SMALL_IMAGES = { kernelBytes: 200_000, initramfsBytes: 600_000, loaderBytes: 60_000 };

declare const __CRASHCART_VERSION__: string | undefined;

/** Written into the bundle when it is built; from source there is none. */
export const VERSION: string = typeof __CRASHCART_VERSION__ === 'string' ? __CRASHCART_VERSION__ : '0.0.0-source';

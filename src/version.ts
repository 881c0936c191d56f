declare const SLIPWAY_VERSION: string | undefined;

/** Put in by the bundler from package.json; run from source it is `0.0.0-source`. */
export const version = typeof SLIPWAY_VERSION === 'string' ? SLIPWAY_VERSION : '0.0.0-source';

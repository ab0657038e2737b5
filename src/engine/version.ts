import manifest from '../../package.json' with { type: 'json' };

/** The version of the whole product; host, engine and command line are released as one. */
export const { version } = manifest;

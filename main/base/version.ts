import manifest from '../../package.json' with { type: 'json' }

/** Berth's version: in labels, in /health, in the lite server. */
export const version: string = manifest.version

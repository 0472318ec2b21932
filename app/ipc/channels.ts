/** Every name under which page and shell speak. */
export const channels = {
  native: 'berth:native',
  /** The preload says that its page is there, once a load. */
  loaded: 'berth:loaded',
  /** The page asks for a port to the engine of this moment; under the same name it comes. */
  pipe: 'berth:pipe',
  engine: 'berth:engine',
  command: 'berth:command',
  progress: 'berth:progress',
} as const

/** Every name under which page and shell speak. */
export const channels = {
  call: 'berth:call',
  cancel: 'berth:cancel',
  native: 'berth:native',
  /** The preload asks for its pipe, once a load. */
  pipe: 'berth:pipe',
  engine: 'berth:engine',
  command: 'berth:command',
  progress: 'berth:progress',
} as const

/** Words of a sandbox's own screen, apart from its tabs. */
export const sandboxWords = {
  back: 'Sandboxes', anonymous: 'Anonymous sandbox', tabs: 'Parts of this sandbox',
  tab: { overview: 'Overview', terminal: 'Terminal', files: 'Files', logs: 'Logs', stats: 'Stats', mounts: 'Mounts', events: 'Events' },
  workingFor: (holder: string) => `working for ${holder}`,
  heldBy: (holders: string) => `held by ${holders}`,
  nobody: 'held by nobody',
  reaped: (time: string) => `reaped in ${time}`,
  cpu: 'CPU', memory: 'Memory', unknown: '–',
  release: 'Release', releaseOne: (holder: string) => `Release for ${holder}`, releaseAll: 'Release for all',
  released: (name: string) => `${name} is released`, destroy: 'Destroy…', more: 'More actions',
  copyThread: 'Copy thread', copyId: 'Copy id', copyName: "Copy the container's name", copyAddress: 'Copy its address, for a program', copyEnter: 'Copy its address, for a browser', rotate: 'Change its address…', dismiss: 'Dismiss',
  rotation: {
    title: 'Change the address', about: 'Addresses of this sandbox that were handed out so far stop working, and what runs over them ends.',
    confirm: 'Change the address', keep: 'Leave it', done: 'The address has changed', doneDetail: 'Whoever acquires again gets the new one.',
  },
  gone: {
    title: 'This sandbox is gone.', never: 'There is no sandbox at this address', when: (time: string, text: string) => `${time}: ${text}`,
    unknown: 'Why is not in the kept events.', again: 'Acquire it again', files: 'Its files are kept: a new sandbox of the same thread finds them.',
    list: 'Go to Sandboxes', anonymous: 'It belonged to no thread, so its files went with it.',
  },
} as const

/** Words of the Images screen. */
export const imagesWords = {
  title: 'Images', here: (count: string, size: string) => `${count} here, ${size}`, none: 'This backend needs no image.', noneHow: 'Sandboxes are made of this computer’s own programs.',
  noneYet: 'No image yet.', noneYetHow: 'It is built or pulled when the first sandbox is made, or now.', get: 'Get it now', failed: (name: string) => `${name} could not be made ready.`, again: 'Try again',
  pulling: 'Getting', cancel: 'Cancel', layers: 'Layers', left: (time: string) => `about ${time} left`, here_: (n: number, all: number) => `${n} of ${all} layers done`, waits: (n: string) => `${n} waiting for it`,
  image: 'Image', tag: 'Tag', id: 'Id', size: 'Size', used: 'Used by', made: 'Made', actions: 'Actions', current: 'in use for new ones', remove: 'Remove', nobody: '–', use: 'Use for new ones',
  removeAsk: { title: (name: string) => `Remove ${name}?`, about: 'It is built or pulled again when a sandbox needs it.', keep: 'Keep', remove: 'Remove' },
  done: 'Done', unchanged: 'It is used from the next new sandbox on.',
} as const

/** Words of the files tab. */
export const fileWords = {
  path: 'Path', places: 'Directories', others: 'other files', list: (path: string) => `Files in ${path}`, name: 'Name', size: 'Size', changed: 'Changed', hidden: 'Hidden files',
  host: 'On this computer:', notKept: 'not kept', notKeptWhy: 'This is inside the sandbox only, and goes when it does.',
  rw: 'The sandbox may write here', ro: 'The sandbox may read here, not write',
  reveal: 'Reveal', openFolder: 'Open folder', copyPath: 'Copy path', copied: 'Copied', upload: 'Upload', download: 'Download', copy: 'Copy the contents', close: 'Close the preview',
  refresh: 'Read again', empty: 'This directory is empty.', emptyMore: 'Drop files here to upload them.', onlyHidden: 'Only hidden files here.',
  failed: 'This directory cannot be read', again: 'Read again', drop: (path: string) => `Drop to upload to ${path}`, readOnly: 'This directory is read-only.',
  uploading: (files: string) => `Uploading ${files}`, uploaded: (files: string) => `${files} uploaded`, cancel: 'Stop waiting', uploadFailed: 'The upload has failed',
  cancelled: 'Not waiting for the upload any more', cancelledMore: 'What is under way may still arrive.',
  replace: {
    title: (files: string) => `Replace ${files}?`, about: (one: boolean) => `${one ? 'A file of this name is' : 'Files of these names are'} in the directory. What is in ${one ? 'it' : 'them'} now is lost.`,
    others: (files: string, one: boolean) => `${files} ${one ? 'is' : 'are'} uploaded either way.`,
    keep: 'Keep', button: (count: number) => count === 1 ? 'Replace it' : `Replace all ${count}`, more: (count: string) => `and ${count} more`,
  },
  woke: 'It was paused; opening its files woke it.',
  entries: (count: string, size: string) => `${count}, ${size}`,
  preview: {
    large: (size: string) => `${size} is too large to show here.`, binary: 'This is not a text, nor a picture that can be shown.', failed: 'This file cannot be read', reading: 'Reading',
    rest: (lines: string) => `${lines} more are not shown.`, instead: 'Download it to see all.', image: (name: string) => `Picture ${name}`,
  },
  keys: { open: 'Open', up: 'Up' },
} as const

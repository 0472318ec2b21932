/** Words of the terminal tab. */
export const terminalWords = {
  sessions: 'Terminals', open: 'New terminal', first: 'Open a terminal', opening: 'Opening a terminal',
  none: 'No terminal is open here.', restarted: 'The terminals that were open here ended when Berth was restarted.', restartedMore: 'Files are as they were.', noneMore: 'It goes on when you leave this tab or close the window.',
  notNow: 'A terminal needs a running sandbox.', ended: 'ended',
  size: (cols: number, rows: number) => `${cols} × ${rows}`, region: (title: string) => `Terminal, ${title}`,
  find: 'Find in the terminal', copy: 'Copy the selection', close: 'End this terminal', more: 'More of this terminal',
  reader: 'Read out what it prints', take: 'Take over', takeWhy: 'Another window is in focus and sets the size.',
  found: (at: number, count: number) => (count === 0 ? 'none' : at < 0 ? `${count}` : `${at + 1} of ${count}`),
  next: 'Next match', previous: 'Previous match', endFind: 'End the search',
  over: (reason: string) => `The session has ended: ${reason}`, again: 'Open a new one', enter: 'Press Enter to open a new one.',
  cut: 'The beginning of its history is gone.',
  end: { title: (title: string) => `End ${title}`, about: 'What runs in it ends too. To leave it running, go elsewhere: it stays.', confirm: 'End the terminal', keep: 'Keep it' },
  paste: {
    title: (lines: string) => `Paste ${lines}`, lines: 'The program in this terminal takes each line as if Enter was pressed after it.',
    long: 'This is a long text for a terminal.', confirm: (lines: string) => `Paste ${lines}`, cancel: 'Do not paste', preview: 'What would be pasted', rest: (more: string) => `… and ${more} more`,
  },
  link: {
    title: 'Open this link', about: (host: string) => `A program in the sandbox printed it. It leads to ${host}.`, open: 'Open the link', cancel: 'Do not open', copy: 'Copy the link', whole: 'The whole address',
    login: 'What stands before the @ is a login name, not the host.', script: 'The host is written in more than the Latin script: it may look like another one.',
    inside: 'This address is inside the sandbox', insideWhy: (host: string) => `To a program in the sandbox ${host} is the sandbox itself. On this computer it would be something else, so it is not opened; a command in the sandbox reaches it.`, close: 'Close',
    refused: 'This link is not opened', refusedWhy: 'Only http and https links are.',
  },
  keys: { copy: 'Copy', paste: 'Paste', find: 'Find' },
} as const

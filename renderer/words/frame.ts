/** Words of the frame: sidebar, foot, palette, and the pages that stand for a state of the connection. */
export const frameWords = {
  skip: 'Skip to the content',
  nav: { sandboxes: 'Sandboxes', activity: 'Activity', images: 'Images', bridge: 'Bridge', settings: 'Settings' },
  health: 'Engine and bridge',
  copied: 'Copied',
  copyAddress: 'Copy the bridge address',
  nothingYet: 'Nothing has happened yet',
  commands: 'Commands',
  allKeys: 'All keys',
  palette: {
    label: 'Search for a sandbox or a command', screens: 'Screens', sandboxes: 'Sandboxes', commands: 'Commands', settings: 'Settings', inside: 'In a sandbox',
    none: (text: string) => `Nothing matches “${text}”.`, choose: 'Choose', run: 'Run', close: 'Close',
  },
  keys: {
    title: 'Keys', about: 'Single letters never act while you type.', list: 'In a list', screen: 'Here', everywhere: 'Everywhere', close: 'Close',
    rows: [
      [['ArrowUp', 'ArrowDown'], 'Move'], [['Shift+ArrowDown'], 'Choose several'], [['Mod+ArrowDown', 'Space'], 'Choose one by one'], [['Mod+a'], 'Choose all'],
      [['Enter'], 'Open'], [['ArrowRight'], "The row's own buttons"], [['Escape'], 'Back'],
    ] as readonly (readonly [readonly string[], string])[],
  },
  lock: {
    title: 'This browser is not logged in', heading: 'Get a login link',
    about: 'Run this where Berth runs. It prints a link that logs one browser in, once, within 5 minutes.',
    command: 'berth open', field: 'Link or code', paste: 'Paste the link, or the code at its end', enter: 'Log in', entering: 'Logging in',
    empty: 'Paste a link or a code first.', hint: 'Opening the link in this browser does the same.',
  },
  connecting: { title: 'Connecting', heading: 'Looking for Berth', text: 'This takes a moment after a start.' },
  lost: {
    title: 'The connection to Berth is lost', stale: 'What is shown is how it was.', trying: 'Trying again.',
    what: 'If it does not come back, start it where it ran: berth serve', now: 'Try now', here: 'Start Berth here', heading: 'Berth does not answer',
  },
  mismatch: {
    title: 'Two versions', heading: 'This page and Berth are of two versions', page: 'This page', engine: 'Berth',
    reload: 'Reload the page', next: 'Reload to get the page that belongs to it. If that does not help, restart `berth serve`: it was updated while it ran.',
    shell: 'Quit Berth and open it again, so that both are of the newer version. If `berth serve` runs, restart that too.',
  },
  failed: { title: 'This screen has failed', next: 'The rest of Berth goes on. Open it again, or go elsewhere.', again: 'Open it again', report: 'What it said' },
  later: { coming: 'Loading …', failed: 'This part of the screens did not come.', why: 'Berth was away, or is of a newer build than this page.', again: 'Try again', reload: 'Reload the page' },
  dismiss: 'Dismiss',
  unknownPage: { title: 'No such page', text: 'This address leads nowhere.', back: 'Go to Sandboxes' },
} as const

/** Words of the list of sandboxes, its dialogs, and the pages that stand for it. */
export const sandboxesWords = {
  title: 'Sandboxes',
  add: 'New sandbox',
  show: 'Show',
  shows: { all: 'All', active: 'Active', warm: 'Warm', slots: 'Slots', failed: 'Failed' },
  groups: {
    failed: { title: 'Failed', why: undefined }, active: { title: 'Active', why: undefined },
    warm: { title: 'Warm', why: 'kept for their threads until reaped, paused while unused' }, slots: { title: 'Slots', why: 'ready for a thread that does not exist yet' },
  },
  nobody: 'Held by nobody',
  filter: { label: 'Filter sandboxes: words, or status: holder: image: user:', place: 'Filter', command: 'Filter the list', found: (shown: number, of: number) => `${shown} of ${of}` },
  by: { label: 'Group the list', state: 'By state', holder: 'By holder', flat: 'Not grouped' },
  columns: { status: 'Status', thread: 'Thread', image: 'Image', held: 'Held by', age: 'Age', left: 'Reaped in', cpu: 'CPU', memory: 'Memory', actions: 'Actions' },
  none: {
    find: (text: string) => `No sandbox matches “${text}”.`, show: (what: string) => `Nothing is ${what} now.`, showFind: (text: string, what: string) => `Nothing in ${what} matches “${text}”.`,
    clear: 'Clear the filter', all: 'Show all',
  },
  row: {
    unknown: 'Unknown', working: 'working', workingWhy: 'Something runs in it: it is not reaped', kept: 'kept', keptWhy: 'It is never reaped',
    paused: 'paused', free: (age: string) => `nobody for ${age}`, freeSince: (time: string) => `since ${time}`, more: (count: number) => `+${count}`, anonymous: 'Anonymous', anonymousWhy: 'It has no thread: it is destroyed, with its files, at its last release',
    of: (user: string) => `of ${user}`, near: (size: string) => `${size}, near its limit`, stopping: 'stopping', starting: 'Starting', slotStarting: 'starting', slotPaused: 'paused',
    unknownWhy: 'The container engine does not answer, so its state is not known. It is not gone.',
    isolation: { bubblewrap: 'bubblewrap', none: 'not isolated', remote: 'remote' } as Readonly<Record<string, string>>,
    isolationWhy: {
      bubblewrap: 'A process on this computer, held in by bubblewrap: it shares the network and has no limits', none: 'Its commands run with your own rights on this computer', remote: 'It runs elsewhere; that place decides how it is isolated',
    } as Readonly<Record<string, string>>,
  },
  actions: {
    terminal: 'Open terminal', logs: 'Open logs', files: 'Open files', why: 'Show why', release: 'Release', destroy: 'Destroy', more: 'More actions', cancel: 'Cancel', again: 'Try again', dismiss: 'Dismiss',
    copyThread: 'Copy thread', copyId: 'Copy id', copyExec: 'Copy exec command', copied: 'Copied', open: 'Open', of: (name: string) => `Actions of ${name}`,
  },
  bulk: {
    label: 'What is selected', selected: (count: string) => `${count} selected`, destroy: (count: number) => `Destroy ${count}…`, release: (count: number) => `Release ${count}`, copy: 'Copy ids', extend: 'Extend', all: (count: string) => `All ${count}`, clear: 'Clear',
    allWorking: 'all of them working', someWorking: (count: number) => `${count} working`,
    released: (count: string) => `${count} released`, destroyed: (count: string) => `${count} destroyed`, not: (done: number, failed: number, first: string) => `${done > 0 ? `${done} done, ` : ''}${failed} not: ${first}`,
  },
  pool: {
    label: 'Capacity', replicas: 'replicas', slots: ['slot', 'slots'] as const, free: 'free', shutDown: 'Shut down all…',
    of: (counted: string, replicas: string) => `${counted} of ${replicas}`,
  },
  release: {
    title: (names: string) => `Release ${names}?`, about: "The holder is not asked. Its commands go on, and it can acquire the sandbox again.",
    anonymous: 'An anonymous sandbox is destroyed at its last release, with its files.', holds: 'Held by', keep: 'Keep',
    all: 'Release all holds', some: (count: string, of: string) => `Release ${count} of ${of} holds`, says: (time: string | null) => time === null ? 'It stays warm.' : `Unused it stays warm for ${time}, then it is reaped.`, since: (age: string) => `for ${age}`,
  },
  destroy: {
    title: (names: string) => `Destroy ${names}?`, keep: 'Keep', button: (names: string) => `Destroy ${names}`, lost: 'Lost', stays: 'Stays',
    commands: (count: string) => `${count} running now`, terminals: (count: string) => `${count} open`, holders: (names: string) => `the hold of ${names}`,
    inside: 'what was installed or written outside of /mnt/user-data', files: "The thread's files: workspace, uploads, outputs", filesMany: "The threads' files: workspace, uploads, outputs",
    anonymous: 'its files: it is anonymous', anonymousMany: (count: string) => `the files of ${count} without a thread`, nothing: 'Nothing: it is anonymous', more: (count: string) => `and ${count} more`,
  },
  create: {
    title: 'New sandbox', about: 'For a thread of your own. Agents make theirs through the bridge.', thread: 'Thread', user: 'User', next: 'Then', terminal: 'Open a terminal in it',
    cancel: 'Cancel', create: 'Create sandbox', needed: 'Give the thread a name.', userNeeded: 'Give the user a name: “default” where there is one only.',
    fresh: 'New. Its files will be kept under this name, also when the sandbox is gone.',
    kept: 'Its files are kept under this name, also when the sandbox is gone.', looking: 'Looking whether it has files.', useInstead: (name: string) => `Use ${name}`,
    there: { files: (count: string, size: string) => `It is known, and has ${count}, ${size}: its new sandbox finds them.`, warm: 'It has a warm sandbox: you get that one.', paused: 'It has a paused sandbox: you get that one.', creating: 'Its sandbox is being made: you get that one.', failed: 'Its last sandbox failed: this tries again.', stopping: 'Its sandbox is being stopped: you get a new one after it.', active: (holders: string) => `It has one, held by ${holders}: you hold it too.` },
    same: 'The same from', shell: 'a shell', curl: 'curl', hide: 'It goes on if you close this.', working: 'Creating', stop: 'Give up', failed: 'It was not created.', again: 'Try again',
  },
  shutdown: {
    title: 'Shut down all sandboxes?', command: 'Shut down all sandboxes', none: 'There is nothing to shut down.', keep: 'Cancel', table: 'In use', columns: { used: 'In use', held: 'Held by', running: 'Running now', for: 'For' }, nothing: 'nothing', also: 'Also:',
    about: (used: number, working: number) => used === 0 ? 'Nobody uses them. Files in their workspaces stay.'
      : `${used === 1 ? '1 is in use' : `${used} are in use`}${working === 0 ? '' : working === used ? (used === 1 ? ', and it is working' : ', and all of them are working') : `, and ${working} of them ${working === 1 ? 'is' : 'are'} working`}. ${working === 0 ? '' : working === 1 ? 'Its commands end now. ' : 'Their commands end now. '}Files in their workspaces stay.`,
    creating: (name: string) => `${name}, whose start is cancelled`, choice: 'What to shut down', everything: 'Everything', unused: 'Only what nobody uses', terminals: (count: string) => `${count} open`,
    says: 'Each gets time to stop, then it is killed.', going: (count: string) => `Shutting down ${count}`, refused: 'New acquires are refused until this is done.', goesOn: 'It goes on if you close this.', close: 'Close',
    phases: { waiting: 'waiting', stopping: 'stopping', gone: 'gone' }, progress: (done: string, total: string) => `${done} of ${total}`,
    done: (count: string, one: boolean) => `${count} ${one ? 'is' : 'are'} shut down`, finished: (count: string) => `${count} shut down`, partly: (gone: number, total: number, left: number) => `${gone} of ${total} are shut down, ${left} ${left === 1 ? 'is' : 'are'} not`, broke: 'Not shut down',
    after: 'No files were lost. Berth takes new acquires again.', left: 'is left. The engine said:', again: 'Try again', log: 'Open its log', leave: 'Leave it', slowest: (time: string, name: string | null) => `in ${time}${name === null ? '' : `, the slowest was ${name}`}`,
    activity: 'Activity', allOf: 'All of it is in', show: 'Show', button: (count: string) => `Shut down ${count}`,
  },
  notes: {
    stopping: 'Berth is shutting down.', stoppingText: 'New acquires are refused.',
    lost: (engine: string) => `${engine} is not answering.`, lostText: 'What is shown is how it was: unknown, not gone. Berth goes on by itself when it answers.', retry: 'Try now', waiting: (count: string) => `${count} waiting.`,
    config: 'config.yaml has an error; the last good one is in force.', settings: 'Settings', imageFailed: 'The image is not here.', imagePrepare: 'Try again',
    image: 'The image is on its way:', imageCancel: 'Cancel', better: 'A container engine is there.', betterText: 'Switching ends the embedded sandboxes; files stay.', switch: 'Switch to it',
    embedded: 'Sandboxes are processes on this computer.', embeddedWhy: 'No container engine answers, so sandboxes are processes on this computer.', embeddedText: 'Bubblewrap keeps their files and processes apart; network, memory and CPU are shared.', unisolated: 'Nothing is isolated: commands run with your own rights.', isolation: 'What that means, and how to get containers',
    away: 'Put this note away', slots: 'Slots are off.', more: (count: number) => `${count} more`, less: 'Fewer',
  },
  switching: { title: 'Switch to the container engine?', about: 'The embedded sandboxes end, with what runs in them. Files in their workspaces stay.', keep: 'Cancel', go: 'Switch' },
  isolation: {
    title: 'What the embedded backend isolates', about: 'Each sandbox is a process on this computer. Good for your own agents, not for code you do not trust.', close: 'Close', columns: ['What', 'Isolated', 'What that means'] as const, yes: 'Yes', no: 'No',
    rows: {
      files: { what: 'Files', yes: "Sees the thread's directories and system files, not your home.", no: 'Reads and writes whatever you can.' },
      processes: { what: 'Processes', yes: 'Cannot see or signal yours.', no: 'Sees and signals yours.' },
      network: { what: 'Network', yes: '', no: 'Reaches the internet and every port on this computer.' },
      limits: { what: 'Memory, CPU', yes: '', no: 'No limits.' },
      kernel: { what: 'Kernel', yes: '', no: 'Shared; the same is true of containers.' },
    },
    get: 'How to get containers',
  },
  first: {
    title: 'No sandboxes yet', about: 'Connect an agent and its first sandbox appears here by itself.', slot: 'A slot is ready, so that takes a few milliseconds.', connect: 'Connect', kind: 'Kind of agent',
    bridge: 'Bridge', local: 'this computer only', copyAddress: 'Copy the address', token: 'Home’s token', copyToken: 'Copy the token', tokenIs: 'works for every agent; name one per agent under', own: 'Start one myself', ownIs: 'Opens a terminal in a new sandbox, no agent needed.', ownThread: 'first',
    checks: 'What Berth found', answers: (engine: string) => `${engine} answers`, image: (name: string) => `Image ${name} is here`, imageComing: (name: string) => `Image ${name} is on its way`, bound: 'Slots are on', slotsReady: (count: string) => `${count} ready`, slotsStarting: (count: string) => `${count} starting`,
    slotsOff: 'Slots are off', pier: (free: string, slots: string) => `${free} and ${slots}`, berth: ['free berth', 'free berths'] as const,
  },
  missing: {
    state: (engine: string) => `${engine} is not answering`, none: 'No container engine', stopped: 'The engine does not answer', nothing: 'Nothing here can run a sandbox yet', fix: 'Get one going', or: 'Or',
    waiting: 'Waiting for the engine. Nothing to press: Berth goes on by itself when it answers.', retry: 'Try now', trying: 'Trying', held: (count: string) => `${count} waiting;`, heldRest: 'they go on when the engine does, or give up with this cause.', acquire: ['acquire is', 'acquires are'] as const,
    kept: 'This home has used a container engine before, so nothing weaker takes its place: its sandboxes are found again when it is back.', why: 'Why this backend', still: (problem: string) => `Still not: ${problem}`,
  },
} as const

/** Words of the tabs Overview, Stats, Mounts and Events of a sandbox. */
export const tabWords = {
  overview: {
    running: 'Running now', nothing: 'Nothing that came through Berth runs in it.', by: (who: string) => `by ${who}`, interrupt: 'Interrupt', before: 'Before that', who: 'By', at: 'At', took: 'Took', exit: 'Exit', ended: 'ended',
    terminals: (n: string) => `${n} open`, files: 'Files on this computer', allMounts: 'All mounts', sandbox: 'Sandbox', id: 'Id', container: 'Container', image: 'Image', address: 'Address', started: 'Started', tried: 'Tried at', limits: 'Limits', replaced: 'Replaced',
    copyId: 'Copy the id', copyName: 'Copy the container name', copyAddress: 'Copy the address, with its secret', needs: 'copied with its secret', noLimits: 'none', times: (n: string) => n,
    held: 'Held by', since: (time: string) => `since ${time}`, release: 'Release', nobody: 'Nobody holds it.', renameIt: 'Rename',
    rename: { title: 'Rename a holder', about: 'The name stands wherever it holds something, as long as it does.', name: 'Name', save: 'Rename', cancel: 'Cancel' },
    afterwards: (idle: string) => `When the last holder lets go it becomes warm, and is reaped after ${idle} without activity.`, afterwardsNever: 'When the last holder lets go it becomes warm; it is not reaped.',
    warmThen: (left: string) => `It is reaped in ${left}, unless somebody acquires it.`, isolation: 'Isolation', last: 'Now', allStats: 'All stats', raw: 'What the container engine says of it',
    cpus: (n: string) => `${n} CPUs`, processes: (n: string) => `${n} processes`,
  },
  failure: { title: 'Why it failed', again: 'Try again', fix: 'What to run', cause: 'What was underneath', log: 'The end of its log', none: 'It wrote no log.', noneMore: 'Why it failed is in the Overview.' },
  stats: {
    cpu: 'CPU', memory: 'Memory', network: 'Network', disk: 'Disk', of: (n: string) => `of ${n} CPUs`, ofAll: 'of one CPU', limit: (size: string) => `${size} limit`, in: 'in', out: 'out', read: 'read', written: 'written',
    range: 'Range', minute: '1 min', five: '5 min', note: 'One sample a second while this tab is open.', csv: 'Copy as CSV', copied: 'Copied', nothing: 'Nothing was measured yet.', pausedWhy: 'A paused sandbox is not woken to be measured.',
    notMeasured: 'This backend does not measure its sandboxes.', processes: (n: string) => `${n} processes`, commands: 'Commands',
    said: (what: string, now: string) => `${what}, now ${now}`,
  },
  mounts: {
    inside: 'In the sandbox', outside: 'On this computer', mode: 'Mode', from: 'From', size: 'Size', files: 'Files', actions: 'Actions', rw: 'read, write', ro: 'read only', reveal: 'Reveal', copyPath: 'Copy path', copied: 'Path copied',
    kinds: { workspace: 'thread', uploads: 'thread', outputs: 'thread', skills: 'skills', extra: 'config.yaml' }, missing: 'not there', many: 'many', find: 'Find a file on this computer', label: 'A path in the sandbox or on this computer',
    placeholder: '/mnt/user-data/outputs/report.md', notKept: 'Not kept: it goes with the sandbox.', nowhere: 'In none of these directories.', incomplete: 'A whole path, beginning with /.',
    stays: 'What stays', staysText: 'Destroying the sandbox deletes none of these files. What it writes anywhere else goes with it.', none: 'Nothing is mounted.',
  },
  events: {
    label: 'Events', all: 'All', lifecycle: 'Lifecycle', commands: 'Terminals', problems: 'Problems', filter: 'Filter events', when: 'When', who: 'Who', what: 'What', none: 'Nothing has happened to it in the kept events.', noMatch: 'None of these.',
    show: 'Show', details: 'Details', exportIt: 'Export', dropped: (n: string) => `${n} earlier ones are no longer kept`,
  },
} as const

/** Words of the Activity screen. */
export const activityWords = {
  title: 'Activity', range: 'Range', ranges: { quarter: '15 min', hour: '1 h', six: '6 h', day: '24 h' }, exportIt: 'Export', pool: 'In the pool', anonymous: 'anonymous', show: 'Show', bars: 'Bars', events: 'Events',
  counted: (active: number, warm: number, slots: number) => [`${active} active`, `${warm} warm`, ...(slots > 0 ? [`${slots} ${slots === 1 ? 'slot' : 'slots'}`] : [])].join(', '),
  picture: (range: string) => `The last ${range} as a picture`, replicas: (n: number) => `${n} replicas`, poolLabel: (range: string) => `Sandboxes in the pool over the last ${range}`, lanes: (range: string) => `Each sandbox over the last ${range}`,
  all: 'All', slot: 'Slots taken', cold: 'Cold', reclaimed: 'Reclaimed', evicted: 'Evicted', reaped: 'Reaped', failed: 'Failed',
  active: 'active', warm: 'warm', paused: 'paused', creating: 'creating',
  columns: { when: 'When', thread: 'Thread', what: 'What happened', who: 'Who', took: 'Took' },
  none: 'Nothing has happened yet.', noneHow: 'What agents do to sandboxes appears here as they do it.', noMatch: 'None of these.', more: (n: string) => `${n} more`,
  newThreads: (n: string) => `${n}:`, thread: 'new thread', tookSlot: (n: number) => `${n} took a slot`, startedCold: (n: number) => `${n} started cold`, didFail: (n: number) => `${n} failed`, inTime: (time: string) => `in ${time}`, noNew: 'No new threads in this time.',
  to: (state: string, from: string, to: string) => `${state} ${from} to ${to}`, at: (what: string, when: string) => `${what} at ${when}`,
  signs: { slot: 'took a slot', cold: 'cold start', reclaimed: 'reclaimed', evicted: 'evicted', reaped: 'reaped', failed: 'failed' },
} as const

/** Words of the logs tab. */
export const logWords = {
  find: 'Find in the log', label: 'Log lines', next: 'Next match', previous: 'Previous match', follow: 'Follow', times: 'Times', wrap: 'Wrap',
  copy: 'Copy', copyAll: 'Copy all lines', copySelection: 'Copy the selection', copied: (lines: string) => `${lines} copied`, download: 'Download', clear: 'Clear',
  found: (at: string | null, count: string) => (at === null ? count : `${at} of ${count}`), none: 'none',
  newer: (lines: string) => `${lines} below`, dropped: (lines: string) => `${lines} not shown.`, droppedWhy: 'They came faster than this page takes them.',
  gap: 'Lines may be missing here.', gapWhy: 'The page was hidden or the connection was lost.',
  cut: (more: string) => `… ${more} more`, empty: 'Nothing has been written yet.', emptyMore: "What the container's own processes print appears here.",
  cleared: 'Cleared.', clearedMore: 'New lines appear here.', ended: (reason: string) => `The log has ended: ${reason}`, broken: 'The log cannot be read',
  shown: (lines: string, dropped: string | null) => (dropped === null ? lines : `${lines}, ${dropped} not shown`),
  notFollowing: 'Not following: you scrolled up.', file: (name: string) => `${name}.log`,
} as const

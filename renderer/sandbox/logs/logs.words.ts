/** Words of the logs tab. */
export const logWords = {
  find: 'Find in the log', label: 'Log lines', next: 'Next match', previous: 'Previous match', follow: 'Follow', times: 'Times', wrap: 'Wrap',
  copy: 'Copy', copied: (lines: string) => `${lines} copied`, download: 'Download', clear: 'Clear',
  found: (at: string | null, count: string) => (at === null ? count : `${at} of ${count}`), none: 'none',
  dropped: (lines: string) => `${lines} not shown.`, droppedWhy: 'They came faster than this page takes them.',
  gap: 'Lines may be missing here.', gapWhy: 'The page was hidden or the connection was lost.',
  cut: (more: string) => `… ${more} more`, nothing: { quiet: 'Nothing has been written yet.', cleared: 'Cleared.', unread: 'No log was read here.' },
  nothingMore: { quiet: "What the container's own processes print appears here.", cleared: 'New lines appear here.', unread: 'It needs a container, and this page in sight of it.' },
  ended: (reason: string) => `The log has ended: ${reason}`,
  shown: (lines: string, dropped: string | null) => (dropped === null ? lines : `${lines}, ${dropped} not shown`),
  file: (name: string) => `${name}.log`,
} as const

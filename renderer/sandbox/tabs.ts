import { later } from '../parts/later.tsx'
import { sandboxWords } from './sandbox.words.ts'
import { EventsTab } from './events.tsx'
import { FilesTab } from './files/files.tsx'
import { LogsTab } from './logs/logs.tsx'
import { MountsTab } from './mounts.tsx'
import { OverviewTab } from './overview.tsx'
import type { SandboxTab } from './tab.ts'

const { tab } = sandboxWords

/** The parts of a sandbox, in their order. */
export const sandboxTabs: readonly SandboxTab[] = [
  { value: 'overview', label: tab.overview, show: OverviewTab },
  { value: 'terminal', label: tab.terminal, show: later(async () => (await import('./terminal/terminal.tsx')).TerminalTab) },
  { value: 'files', label: tab.files, show: FilesTab },
  { value: 'logs', label: tab.logs, show: LogsTab, afterwards: true },
  { value: 'stats', label: tab.stats, show: later(async () => (await import('./stats.tsx')).StatsTab) },
  { value: 'mounts', label: tab.mounts, show: MountsTab },
  { value: 'events', label: tab.events, show: EventsTab, afterwards: true },
]

import { later } from '../frame/later.tsx'
import { sandboxWords } from '../words/sandbox.ts'
import { EventsTab } from './events/events.tsx'
import { FilesTab } from './files/files.tsx'
import { LogsTab } from './logs/logs.tsx'
import { MountsTab } from './mounts/mounts.tsx'
import { OverviewTab } from './overview/overview.tsx'
import type { SandboxTab } from './tab.ts'

const { tab } = sandboxWords

/** The parts of a sandbox, in their order. */
export const sandboxTabs: readonly SandboxTab[] = [
  { value: 'overview', label: tab.overview, show: OverviewTab },
  { value: 'terminal', label: tab.terminal, show: later(async () => (await import('./terminal/terminal.tsx')).TerminalTab) },
  { value: 'files', label: tab.files, show: FilesTab },
  { value: 'logs', label: tab.logs, show: LogsTab, afterwards: true },
  { value: 'stats', label: tab.stats, show: later(async () => (await import('./stats/stats.tsx')).StatsTab) },
  { value: 'mounts', label: tab.mounts, show: MountsTab },
  { value: 'events', label: tab.events, show: EventsTab, afterwards: true },
]

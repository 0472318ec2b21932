import { useHouse } from '../../frame/house/use-house.ts'
import { Note } from '../../parts/blocks/note.tsx'
import type { TabProps } from '../tab.ts'
import { useDetails } from '../use-details.ts'
import { CommandsSection } from './commands-section.tsx'
import { FactsSection } from './facts-section.tsx'
import { FailureSection } from './failure-section.tsx'
import { FilesSection } from './files-section.tsx'
import { HoldersSection } from './holders-section.tsx'
import { IsolationSection } from './isolation-section.tsx'

/** What is it doing, who has it, where are its files. */
export function OverviewTab({ row, gone }: TabProps) {
  const { details, problem } = useDetails(row, gone)
  const idle = useHouse((state) => state.house.idle_timeout)
  return (
    <div className="scroll pad">
      {problem ? <Note kind="bad" title={problem.message}>{problem.next}</Note> : null}
      <div className="split">
        <div>
          {row.error === null || row.status !== 'failed' ? <CommandsSection row={row} /> : <FailureSection row={row} error={row.error} />}
          <FilesSection id={row.id} details={details} />
          <FactsSection row={row} details={details} />
        </div>
        <div>
          {row.status === 'failed' ? null : <HoldersSection row={row} idleSeconds={idle} />}
          <IsolationSection row={row} details={details} />
        </div>
      </div>
    </div>
  )
}

import type { SandboxRow } from '../../shared/state.ts'

/** What is known of a sandbox without asking. */
export function Facts({ row }: { row: SandboxRow }) {
  const facts: [string, string | null][] = [
    ['Thread', row.thread], ['User', row.user], ['Image', row.image], ['Backend', row.backend], ['Isolation', row.isolation], ['Container', row.name], ['Held by', row.holders.map(({ holder }) => holder).join(', ')],
  ]
  return (
    <div className="scroll pad">
      <dl className="facts narrow">{facts.map(([name, value]) => <div key={name} style={{ display: 'contents' }}><dt>{name}</dt><dd>{value === null || value === '' ? '–' : value}</dd></div>)}</dl>
    </div>
  )
}

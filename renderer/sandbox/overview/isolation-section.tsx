import type { SandboxRow } from '../../../shared/state.ts'
import { Icon } from '../../parts/signs/icon.tsx'
import { tabWords } from '../../words/tabs.ts'
import type { Details } from '../use-details.ts'

const words = tabWords.overview
const kinds: Readonly<Record<SandboxRow['isolation'], string>> = { container: 'Container', bubblewrap: 'Process in bubblewrap', none: 'Process, not isolated', remote: 'Decided where it runs' }

/** What keeps it apart, and what does not: said plainly. */
export function IsolationSection({ row, details }: { row: SandboxRow; details: Details | null }) {
  return (
    <section className="section" aria-labelledby="iso">
      <h2 id="iso">{words.isolation}</h2>
      <dl className="facts narrow">
        <dt>Backend</dt><dd>{kinds[row.isolation]}</dd>
        {details?.isolation.map(({ name, value, weak }) => (
          <div className="row" key={name}><dt>{name}</dt><dd>{weak ? <span className="warn-ink flag"><Icon name="warn" /><span className="sr">weak: </span></span> : null}{value}</dd></div>
        ))}
      </dl>
    </section>
  )
}

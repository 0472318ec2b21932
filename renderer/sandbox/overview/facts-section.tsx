import type { SandboxRow } from '../../../shared/state.ts'
import { useNative } from '../../frame/house/contexts.ts'
import { CopyButton } from '../../parts/buttons/copy-button.tsx'
import { useFormat } from '../../words/formats.ts'
import { tabWords } from '../../words/tabs.ts'
import { isUp } from '../sandbox.logic.ts'
import type { Details } from '../use-details.ts'

const words = tabWords.overview

/** What it is made of. */
export function FactsSection({ row, details }: { row: SandboxRow; details: Details | null }) {
  const format = useFormat()
  const native = useNative()
  const limits = details ? [
    details.limits.cpus === null ? null : words.cpus(String(details.limits.cpus)),
    details.limits.memory === null ? null : format.size(details.limits.memory),
    details.limits.pids === null ? null : words.processes(format.number(details.limits.pids)),
  ].filter((one) => one !== null) : null
  return (
    <section className="section" aria-labelledby="what">
      <h2 id="what">{words.sandbox}</h2>
      <dl className="facts">
        <dt>{words.id}</dt><dd><code>{row.id}</code><CopyButton text={row.id} label={words.copyId} /></dd>
        <dt>{words.container}</dt><dd><code>{row.name}</code><CopyButton text={row.name} label={words.copyName} /></dd>
        {row.image === null ? null : <><dt>{words.image}</dt><dd><code>{row.image}</code>{details?.image_id ? <span className="dim" title={details.image_id}>{details.image_id.slice(0, 19)}</span> : null}</dd></>}
        {details?.address && isUp(row) ? <><dt>{words.address}</dt><dd><code className="cut">{details.address}</code><CopyButton text={() => native.copyAddress(row.id, 'program')} label={words.copyAddress} /><span className="dim nowrap">{words.needs}</span></dd></> : null}
        <dt>{row.status === 'failed' ? words.tried : words.started}</dt><dd><span title={format.full(new Date(row.created_at))}>{format.clock(new Date(row.created_at))}</span></dd>
        {row.status === 'failed' ? null : <><dt>{words.limits}</dt><dd>{limits === null ? '–' : limits.length === 0 ? words.noLimits : limits.join(', ')}</dd></>}
        {row.replaced > 0 ? <><dt>{words.replaced}</dt><dd>{format.count(row.replaced, 'time')}</dd></> : null}
      </dl>
      {details?.raw ? (
        <details className="tried"><summary>{words.raw}</summary><div className="code"><pre tabIndex={0} role="group" aria-label={words.raw}>{JSON.stringify(details.raw, null, 2)}</pre></div></details>
      ) : null}
    </section>
  )
}

import { useState } from 'react'
import type { MountRow } from '../../shared/calls/desktop-calls.ts'
import { Button, CopyButton } from '../parts/buttons.tsx'
import { Empty, Note } from '../parts/blocks.tsx'
import { Field } from '../parts/fields.tsx'
import { Cut, Icon } from '../parts/indicators.tsx'
import { useFormat } from '../words/format.ts'
import { tabWords } from './tabs.words.ts'
import type { TabProps } from './tab.ts'
import { useDetails } from './use-details.ts'
import { useReveal } from './use-reveal.ts'
import { translate } from './mounts.logic.ts'

const words = tabWords.mounts

/** Where is that file: every directory on both sides, and a path translated both ways. */
export function MountsTab({ row, gone }: TabProps) {
  const { details, problem } = useDetails(row, gone)
  const mounts = details?.mounts ?? []
  return (
    <div className="scroll">
      {problem ? (
        <div className="pad">
          <Note kind="bad" title={problem.message}>
            {problem.next}
          </Note>
        </div>
      ) : null}
      {details !== null && mounts.length === 0 ? <Empty title={words.none} /> : <MountTable mounts={mounts} />}
      <div className="pad">
        <Translate mounts={mounts} />
        <section className="section" aria-labelledby="stays">
          <h2 id="stays">{words.stays}</h2>
          <p className="mid">{words.staysText}</p>
        </section>
      </div>
    </div>
  )
}

function MountTable({ mounts }: { mounts: readonly MountRow[] }) {
  const format = useFormat()
  const { label, icon, reveal } = useReveal()
  return (
    <div className="list">
      <table className="table mounts" aria-label="Mounts">
        <thead>
          <tr>
            <th scope="col" className="c-in">
              {words.inside}
            </th>
            <th scope="col">{words.outside}</th>
            <th scope="col" className="c-mode">
              {words.mode}
            </th>
            <th scope="col" className="c-from">
              {words.from}
            </th>
            <th scope="col" className="num c-size">
              {words.size}
            </th>
            <th scope="col" className="num c-files">
              {words.files}
            </th>
            <th scope="col" className="c-acts">
              <span className="sr">{words.actions}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {mounts.map((mount) => (
            <tr key={mount.container}>
              <th scope="row">
                <code>{mount.container}</code>
              </th>
              <td className="mid">
                <code>
                  <Cut text={mount.host} tail={24} />
                </code>
              </td>
              <td>
                {mount.mode === 'rw' ? (
                  <span className="nowrap">{words.rw}</span>
                ) : (
                  <span className="mid nowrap ro">
                    <Icon name="lock" />
                    {words.ro}
                  </span>
                )}
              </td>
              <td className="mid">{words.kinds[mount.kind]}</td>
              <td className="num mid">{!mount.exists ? words.missing : mount.bytes === null ? '–' : format.size(mount.bytes)}</td>
              <td className="num mid">{!mount.exists ? '–' : mount.files === null ? words.many : format.number(mount.files)}</td>
              <td className="actions">
                <span className="group stay">
                  <Button kind="quiet" small icon={icon} title={mount.host} onClick={() => reveal(mount.host)}>
                    <span className="label">{label}</span>
                  </Button>
                  {icon === 'copy' ? null : <CopyButton text={mount.host} label={words.copyPath} />}
                </span>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

function Translate({ mounts }: { mounts: readonly MountRow[] }) {
  const [path, setPath] = useState('')
  const found = translate(path, mounts)
  return (
    <section className="section" aria-labelledby="tr">
      <h2 id="tr">{words.find}</h2>
      <div className="translate">
        <Field label={words.label} mono value={path} onChange={setPath} placeholder={words.placeholder} />
        <Icon name="right" />
        <output>
          {found.to !== null ? (
            <code>
              <Cut text={found.path} tail={24} />
            </code>
          ) : path.trim() === '' ? (
            <span className="dim">–</span>
          ) : (
            <span className="dim">{words[found.why === 'not-kept' ? 'notKept' : found.why]}</span>
          )}
        </output>
        {found.to === null ? null : <CopyButton text={found.path} label={words.copyPath} />}
      </div>
    </section>
  )
}

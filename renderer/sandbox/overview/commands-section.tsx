import type { SandboxRow } from '../../../shared/state.ts'
import { useEndpoint } from '../../frame/house/contexts.ts'
import { useNow } from '../../frame/house/use-now.ts'
import { Button } from '../../parts/buttons/button.tsx'
import { Icon } from '../../parts/signs/icon.tsx'
import { Mark } from '../../parts/signs/mark.tsx'
import { useFormat } from '../../words/formats.ts'
import { useActors } from '../../frame/house/use-actors.ts'
import { tabWords } from '../../words/tabs.ts'
import { useTask } from '../use-task.ts'

const words = tabWords.overview

/** Commands that run, and those before. */
export function CommandsSection({ row }: { row: SandboxRow }) {
  const endpoint = useEndpoint()
  const format = useFormat()
  const task = useTask()
  const actor = useActors()
  const now = useNow(row.commands.length > 0 ? 'second' : 'none')
  return (
    <section className="section" aria-labelledby="running">
      <h2 id="running">{words.running}</h2>
      {row.commands.length === 0 ? <p className="dim">{words.nothing}</p> : row.commands.map((command) => (
        <div className="running" key={command.id}>
          <Mark name="active" /><code className="cut" title={command.command}>{command.command}</code><span className="dim nowrap">{words.by(actor(command.who).name)}</span>
          <span className="end nowrap">{format.countdown(now - Date.parse(command.since))}</span>
          <Button small onClick={() => task.run(async () => void await endpoint.call('interrupt', { command: command.id }))}>{words.interrupt}</Button>
        </div>
      ))}
      {row.finished.length === 0 ? null : (
        <table className="table inset commands" aria-label={words.before}>
          <thead><tr><th scope="col">{words.before}</th><th scope="col" className="c-who">{words.who}</th><th scope="col" className="c-time">{words.at}</th><th scope="col" className="num c-took">{words.took}</th><th scope="col" className="num c-exit">{words.exit}</th></tr></thead>
          <tbody>
            {row.finished.map((command) => (
              <tr key={command.id}>
                <th scope="row"><code title={command.command}>{command.command}</code></th>
                <td>{actor(command.who).name}</td>
                <td className="mid">{format.clock(new Date(command.since))}</td>
                <td className="num mid">{format.duration(Date.parse(command.ended_at) - Date.parse(command.since))}</td>
                <td className="num">{command.exit_code === 0 ? <span className="mid">0</span> : <span className="exit bad-ink"><Icon name="close" />{command.exit_code ?? words.ended}</span>}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  )
}

import { useEffect, useEffectEvent, useRef, useState } from 'react'
import { asBerthError, type BerthError } from '../../../shared/errors.ts'
import { useCommand } from '../../commands/command.ts'
import { useEndpoint, useHouse } from '../../state/contexts.ts'
import { useFootKeys } from '../../commands/foot-keys.ts'
import { Empty, Note } from '../../parts/blocks.tsx'
import { Button } from '../../parts/buttons.tsx'
import { terminalWords } from './terminal.words.ts'
import { isUp } from '../sandbox.logic.ts'
import type { TabProps } from '../tab.ts'
import { lookedAt, sessionToShow } from './terminal.logic.ts'
import { lookedAtKey } from '../../state/page-address.ts'
import { TerminalPane } from './terminal-pane.tsx'

/** Terminals of a sandbox. They live in the engine; this page only remembers which one was looked at. */
export function TerminalTab({ row }: TabProps) {
  const endpoint = useEndpoint()
  const key = lookedAtKey(row.id)
  const instance = useHouse(({ house }) => house.instance)
  // With the life of the engine that it was opened in: terminals do not outlive that.
  const [looked, setLooked] = useState(() => lookedAt(localStorage.getItem(key)))
  const asked = looked?.terminal ?? null
  const [opening, setOpening] = useState(false)
  const [error, setError] = useState<BerthError | null>(null)
  const size = useRef({ cols: 80, rows: 24 })
  const shown = sessionToShow(row.terminals, asked)
  const up = isUp(row)
  const restarted = row.terminals.length === 0 && looked !== null && looked.instance !== instance

  function choose(id: string): void {
    localStorage.setItem(key, `${instance} ${id}`)
    setLooked({ instance, terminal: id })
  }

  // What is shown stays the one that is looked at: when its shell ends it says so, and the next key goes to no other shell.
  const stay = useEffectEvent((id: string) => {
    if (id !== asked) choose(id)
  })
  const shownId = shown?.id ?? null
  useEffect(() => {
    if (shownId !== null) stay(shownId)
  }, [shownId])

  async function open(): Promise<void> {
    setOpening(true)
    setError(null)
    try {
      choose((await endpoint.call('terminal_open', { id: row.id, ...size.current })).id)
    } catch (thrown) {
      setError(asBerthError(thrown))
    } finally {
      setOpening(false)
    }
  }
  // Who comes here wants a terminal: the first one opens by itself, once, as soon as there is a sandbox to open it in.
  const came = useRef(false)
  const first = useEffectEvent(() => {
    if (!up || came.current) return
    came.current = true
    // Where some have ended unseen, that is said first.
    if (row.terminals.length === 0 && !restarted) void open()
  })
  useEffect(() => first(), [up])
  useCommand({ id: 'new-terminal', title: terminalWords.open, icon: 'terminal', when: up && !opening, run: () => void open() })
  const own = (letter: string) => (/Mac/.test(navigator.platform) ? `Mod+${letter}` : `Mod+Shift+${letter}`)
  useFootKeys([
    [own('c'), terminalWords.keys.copy, 'terminal'],
    [own('v'), terminalWords.keys.paste, 'terminal'],
    [own('f'), terminalWords.keys.find, 'terminal'],
  ])

  if (shown === null) {
    return (
      <div className="scroll pad">
        {error === null ? (
          <Empty title={opening ? `${terminalWords.opening} …` : !up ? terminalWords.notNow : restarted ? terminalWords.restarted : terminalWords.none}>
            {opening || !up ? null : (
              <>
                {restarted ? terminalWords.restartedMore : terminalWords.noneMore}{' '}
                <Button small onClick={() => void open()}>
                  {terminalWords.first}
                </Button>
              </>
            )}
          </Empty>
        ) : (
          <Note kind="bad" live title={error.message} action={<Button onClick={() => void open()}>{terminalWords.first}</Button>}>
            {error.next}
          </Note>
        )}
      </div>
    )
  }
  return (
    <>
      {error === null ? null : (
        <div className="banner">
          <Note kind="bad" live title={error.message}>
            {error.next}
          </Note>
        </div>
      )}
      <TerminalPane
        key={shown.id}
        terminal={shown}
        terminals={row.terminals}
        apart={row.isolation === 'container' || row.isolation === 'remote'}
        canOpen={up}
        opening={opening}
        onChoose={choose}
        onOpen={() => void open()}
        onSize={(cols, rows) => {
          size.current = { cols, rows }
        }}
      />
    </>
  )
}

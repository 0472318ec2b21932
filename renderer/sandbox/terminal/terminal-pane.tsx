import { useEffect, useEffectEvent, useRef, useState } from 'react'
import type { ErrorData } from '../../../shared/errors.ts'
import type { Terminal } from '../../../shared/terminal.ts'
import { useEndpoint, useNative } from '../../frame/house/contexts.ts'
import { Note } from '../../parts/blocks/note.tsx'
import { Button } from '../../parts/buttons/button.tsx'
import { useToast } from '../../parts/floats/toasts.ts'
import { terminalWords } from '../../words/terminal.ts'
import { useTask } from '../use-task.ts'
import { EndDialog, LinkDialog, PasteDialog, type PasteAsked } from './dialogs.tsx'
import { FindBar } from './find-bar.tsx'
import { SessionStrip } from './session-strip.tsx'
import { afterClose } from './sessions.logic.ts'
import { openTerminalView, type TerminalView } from './terminal-view.ts'
import '@xterm/xterm/css/xterm.css'

const readerKey = 'berth.terminal.reader'

export interface TerminalPaneProps {
  readonly terminal: Terminal
  readonly terminals: readonly Terminal[]
  /** The sandbox has a network of its own. */
  readonly apart: boolean
  readonly canOpen: boolean
  readonly opening: boolean
  readonly onChoose: (id: string) => void
  readonly onOpen: () => void
  readonly onSize: (cols: number, rows: number) => void
}

/** One session on screen, with its strip and what it asks. */
export function TerminalPane({ terminal, terminals, apart, canOpen, opening, onChoose, onOpen, onSize }: TerminalPaneProps) {
  const endpoint = useEndpoint()
  const native = useNative()
  const toast = useToast()
  const { run } = useTask()
  const host = useRef<HTMLDivElement>(null)
  const view = useRef<TerminalView>(null)
  const [size, setSize] = useState({ cols: terminal.cols, rows: terminal.rows })
  const [focus, setFocus] = useState({ yours: true, viewers: 1 })
  const [cut, setCut] = useState(false)
  const [over, setOver] = useState(terminal.ended)
  const [broken, setBroken] = useState<ErrorData | null>(null)
  const [found, setFound] = useState<{ at: number; count: number } | null>(null)
  const [finding, setFinding] = useState(false)
  const [paste, setPaste] = useState<PasteAsked | null>(null)
  const [link, setLink] = useState<string | null>(null)
  const [hover, setHover] = useState<string | null>(null)
  const [ending, setEnding] = useState(false)
  const [reader, setReader] = useState(() => localStorage.getItem(readerKey) === 'on')

  const again = useEffectEvent(() => { if (canOpen && !opening) onOpen() })
  const sized = useEffectEvent((cols: number, rows: number) => {
    setSize({ cols, rows })
    onSize(cols, rows)
  })
  const copy = useEffectEvent((text: string) => run(() => native.copy(text)))
  useEffect(() => {
    if (host.current === null) return
    setBroken(null)
    const opened = openTerminalView({
      host: host.current, endpoint, terminal: terminal.id, mac: /Mac/.test(navigator.platform), reader,
      on: {
        size: (cols, rows) => sized(cols, rows), focus: (yours, viewers) => setFocus({ yours, viewers }), replayed: setCut, ended: setOver, broken: setBroken,
        again: () => again(), copy: (text) => copy(text), find: () => setFinding(true), paste: (text, why, go) => setPaste({ text, why, go }), link: setLink, hover: setHover,
        found: (at, count) => setFound({ at, count }),
      },
    })
    view.current = opened
    opened.focus()
    return () => {
      view.current = null
      opened.close()
    }
  }, [endpoint, terminal.id, reader])

  function back(): void {
    view.current?.focus()
  }

  function end(id: string): void {
    run(async () => {
      await endpoint.call('terminal_close', { terminal: id })
      setEnding(false)
      const next = afterClose(terminals, id)
      if (next !== null) onChoose(next)
    })
  }

  return (
    <>
      <SessionStrip
        terminals={terminals} shown={terminal.id} size={size} opening={opening} canOpen={canOpen} cut={cut} hover={hover} away={focus.yours ? 0 : focus.viewers}
        reader={reader} onChoose={onChoose} onOpen={onOpen} onFind={() => setFinding(true)} onTake={() => { view.current?.take(); back() }}
        onCopy={() => {
          const text = view.current?.selection() ?? ''
          if (text !== '') run(() => native.copy(text))
        }}
        onClose={() => (over === null && broken === null ? setEnding(true) : end(terminal.id))}
        onReader={() => {
          localStorage.setItem(readerKey, reader ? 'off' : 'on')
          setReader(!reader)
        }}
      />
      {finding ? (
        <FindBar
          found={found} onSearch={(text, by, typing) => view.current?.search(text, by, typing)}
          onClose={() => {
            setFinding(false)
            setFound(null)
            view.current?.endSearch()
          }}
        />
      ) : null}
      <div className="term" role="region" aria-label={terminalWords.region(terminal.title)}><div className="term-host" ref={host} /></div>
      {over === null && broken === null ? null : (
        <div className="banner">
          <Note
            kind={broken === null ? 'info' : 'bad'} live title={broken === null ? `${terminalWords.over(over ?? '')}.`.replace(/\.\.$/, '.') : `${broken.message}.`.replace(/\.\.$/, '.')}
            action={canOpen ? <Button busy={opening} onClick={onOpen}>{terminalWords.again}</Button> : undefined}
          >
            {broken === null ? (canOpen ? terminalWords.enter : '') : broken.next}
          </Note>
        </div>
      )}
      <PasteDialog asked={paste} onClose={() => { setPaste(null); back() }} />
      <LinkDialog
        uri={link} apart={apart} onClose={() => setLink(null)} onCopy={(href) => native.copy(href)}
        onOpen={(href) => {
          setLink(null)
          native.openLink(href).catch((error: unknown) => toast({ status: 'failed', title: terminalWords.link.refused, detail: error instanceof Error ? error.message : String(error), stay: true }))
        }}
      />
      <EndDialog title={terminal.title} open={ending} onClose={() => setEnding(false)} onEnd={() => end(terminal.id)} />
    </>
  )
}

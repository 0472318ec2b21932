import { useEffect, useEffectEvent, useRef, useState } from 'react'
import '@xterm/xterm/css/xterm.css'
import type { ErrorData } from '../../../shared/errors.ts'
import type { Terminal } from '../../../shared/terminal.ts'
import { useEndpoint, useNative } from '../../state/contexts.ts'
import { Code, Note } from '../../parts/blocks.tsx'
import { Button, CopyButton, IconButton, rove } from '../../parts/buttons.tsx'
import { useToast } from '../../parts/toasts.ts'
import { terminalWords } from './terminal.words.ts'
import { useTask } from '../../parts/use-task.ts'
import { afterClose, lineCount, targetOf } from './terminal.logic.ts'
import { openTerminalView, type TerminalView } from './terminal-view.ts'
import { SearchField } from '../../parts/fields.tsx'
import { Dialog, Menu } from '../../parts/overlays.tsx'
import { Icon } from '../../parts/indicators.tsx'
import { useFormat } from '../../words/format.ts'
import { shownName } from '../files/files.logic.ts'

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

  const again = useEffectEvent(() => {
    if (canOpen && !opening) onOpen()
  })
  const sized = useEffectEvent((cols: number, rows: number) => {
    setSize({ cols, rows })
    onSize(cols, rows)
  })
  const copy = useEffectEvent((text: string) => run(() => native.copy(text)))
  useEffect(() => {
    if (host.current === null) return
    setBroken(null)
    const opened = openTerminalView({
      host: host.current,
      endpoint,
      terminal: terminal.id,
      mac: /Mac/.test(navigator.platform),
      reader,
      on: {
        size: (cols, rows) => sized(cols, rows),
        focus: (yours, viewers) => setFocus({ yours, viewers }),
        replayed: setCut,
        ended: setOver,
        broken: setBroken,
        again: () => again(),
        copy: (text) => copy(text),
        find: () => setFinding(true),
        paste: (text, why, go) => setPaste({ text, why, go }),
        link: setLink,
        hover: setHover,
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
        terminals={terminals}
        shown={terminal.id}
        size={size}
        opening={opening}
        canOpen={canOpen}
        cut={cut}
        hover={hover}
        away={focus.yours ? 0 : focus.viewers}
        reader={reader}
        onChoose={onChoose}
        onOpen={onOpen}
        onFind={() => setFinding(true)}
        onTake={() => {
          view.current?.take()
          back()
        }}
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
          found={found}
          onSearch={(text, by, typing) => view.current?.search(text, by, typing)}
          onClose={() => {
            setFinding(false)
            setFound(null)
            view.current?.endSearch()
          }}
        />
      ) : null}
      <div className="term" role="region" aria-label={terminalWords.region(terminal.title)}>
        <div className="term-host" ref={host} />
      </div>
      {over === null && broken === null ? null : (
        <div className="banner">
          <Note
            kind={broken === null ? 'info' : 'bad'}
            live
            title={broken === null ? `${terminalWords.over(over ?? '')}.`.replace(/\.\.$/, '.') : `${broken.message}.`.replace(/\.\.$/, '.')}
            action={
              canOpen ? (
                <Button busy={opening} onClick={onOpen}>
                  {terminalWords.again}
                </Button>
              ) : undefined
            }
          >
            {broken === null ? (canOpen ? terminalWords.enter : '') : broken.next}
          </Note>
        </div>
      )}
      <PasteDialog
        asked={paste}
        onClose={() => {
          setPaste(null)
          back()
        }}
      />
      <LinkDialog
        uri={link}
        apart={apart}
        onClose={() => setLink(null)}
        onCopy={(href) => native.copy(href)}
        onOpen={(href) => {
          setLink(null)
          native
            .openLink(href)
            .catch((error: unknown) =>
              toast({ status: 'failed', title: terminalWords.link.refused, detail: error instanceof Error ? error.message : String(error), stay: true }),
            )
        }}
      />
      <EndDialog title={terminal.title} open={ending} onClose={() => setEnding(false)} onEnd={() => end(terminal.id)} />
    </>
  )
}

export interface FindBarProps {
  readonly found: { readonly at: number; readonly count: number } | null
  readonly onSearch: (text: string, by: 1 | -1, typing: boolean) => void
  readonly onClose: () => void
}

function FindBar({ found, onSearch, onClose }: FindBarProps) {
  const [text, setText] = useState('')
  const field = useRef<HTMLInputElement>(null)
  useEffect(() => field.current?.focus(), [])
  return (
    <div className="strip ruled termfind">
      <SearchField
        ref={field}
        label={terminalWords.find}
        placeholder={terminalWords.find}
        long
        value={text}
        found={found === null ? undefined : terminalWords.found(found.at, found.count)}
        onChange={(next) => {
          setText(next)
          onSearch(next, 1, true)
        }}
        onKeyDown={(event) => {
          if (event.key === 'Enter') {
            event.preventDefault()
            onSearch(text, event.shiftKey ? -1 : 1, false)
          } else if (event.key === 'Escape') {
            event.preventDefault()
            event.stopPropagation()
            onClose()
          }
        }}
      />
      <IconButton icon="up" label={terminalWords.previous} onClick={() => onSearch(text, -1, false)} />
      <IconButton icon="down" label={terminalWords.next} onClick={() => onSearch(text, 1, false)} />
      <div className="end">
        <IconButton icon="close" label={terminalWords.endFind} onClick={onClose} />
      </div>
    </div>
  )
}

export interface SessionStripProps {
  readonly terminals: readonly Terminal[]
  readonly shown: string
  readonly size: { readonly cols: number; readonly rows: number }
  readonly opening: boolean
  readonly canOpen: boolean
  readonly cut: boolean
  /** Target of the link under the pointer. */
  readonly hover: string | null
  /** Windows that look at it while another one is in focus; 0: this one is. */
  readonly away: number
  readonly reader: boolean
  readonly onChoose: (id: string) => void
  readonly onOpen: () => void
  readonly onFind: () => void
  readonly onCopy: () => void
  readonly onClose: () => void
  readonly onTake: () => void
  readonly onReader: () => void
}

/** Which terminals there are, and what can be done with the one that is shown. */
function SessionStrip(props: SessionStripProps) {
  const { terminals, shown, size, opening, canOpen, cut, hover, away, reader } = props
  return (
    <div className="strip sessions">
      <div className="filters" role="tablist" aria-label={terminalWords.sessions} onKeyDown={(event) => rove(event)}>
        {terminals.map(({ id, title, ended }) => (
          <button key={id} type="button" role="tab" aria-selected={id === shown} tabIndex={id === shown ? 0 : -1} onClick={() => props.onChoose(id)}>
            <Icon name="terminal" />
            {title}
            {ended === null ? null : (
              <>
                {' '}
                <span className="n">{terminalWords.ended}</span>
              </>
            )}
          </button>
        ))}
      </div>
      {canOpen ? (
        <IconButton
          icon="plus"
          small
          label={opening ? terminalWords.opening : terminalWords.open}
          aria-disabled={opening}
          onClick={() => {
            if (!opening) props.onOpen()
          }}
        />
      ) : null}
      <div className="end">
        {hover === null ? null : <code className="cut small term-hover">{hover}</code>}
        {cut && hover === null ? <span className="dim small cut">{terminalWords.cut}</span> : null}
        {away === 0 ? null : (
          <Button small title={terminalWords.takeWhy} onClick={props.onTake}>
            {terminalWords.take}
          </Button>
        )}
        <span className="dim small nowrap">{terminalWords.size(size.cols, size.rows)}</span>
        <IconButton icon="search" label={terminalWords.find} keys="Mod+Shift+f" onClick={props.onFind} />
        <IconButton icon="copy" label={terminalWords.copy} keys="Mod+Shift+c" onClick={props.onCopy} />
        <Menu label={terminalWords.more} items={[{ label: terminalWords.reader, icon: reader ? 'check' : undefined, run: props.onReader }]} />
        <IconButton icon="close" label={terminalWords.close} onClick={props.onClose} />
      </div>
    </div>
  )
}

interface PasteAsked {
  readonly text: string
  readonly why: 'lines' | 'long'
  readonly go: () => void
}

const previewLines = 12

/** Before several lines run one after the other. */
function PasteDialog({ asked, onClose }: { asked: PasteAsked | null; onClose: () => void }) {
  const format = useFormat()
  const words = terminalWords.paste
  if (asked === null) return null
  const lines = asked.text.split(/\r\n?|\n/)
  const count = format.count(lineCount(asked.text), 'line')
  const shown = lines.slice(0, previewLines).map((line) => shownName(line.slice(0, 200)))
  if (lines.length > previewLines) shown.push(words.rest(format.number(lines.length - previewLines)))
  return (
    <Dialog
      title={words.title(count)}
      about={asked.why === 'lines' ? words.lines : words.long}
      open
      onClose={onClose}
      alert
      actions={
        <>
          <Button safe onClick={onClose}>
            {words.cancel}
          </Button>
          <Button
            kind="primary"
            onClick={() => {
              asked.go()
              onClose()
            }}
          >
            {words.confirm(count)}
          </Button>
        </>
      }
    >
      <Code text={shown.join('\n')} copyable={false} label={words.preview} />
    </Dialog>
  )
}

/** Where a link really leads, whatever its text says; nothing is opened before. */
function LinkDialog({
  uri,
  apart,
  onClose,
  onOpen,
  onCopy,
}: {
  uri: string | null
  /** The sandbox has a network of its own: its localhost is not this computer's. */ apart: boolean
  onClose: () => void
  onOpen: (href: string) => void
  onCopy: (href: string) => Promise<void>
}) {
  const words = terminalWords.link
  if (uri === null) return null
  const target = targetOf(uri)
  if (target === null) {
    return (
      <Dialog
        title={words.refused}
        about={words.refusedWhy}
        open
        onClose={onClose}
        actions={
          <Button safe onClick={onClose}>
            {words.cancel}
          </Button>
        }
      >
        <Code text={shownName(uri.slice(0, 2000))} copyable={false} label={words.whole} />
      </Dialog>
    )
  }
  if (target.own && apart) {
    return (
      <Dialog
        title={words.inside}
        about={words.insideWhy(target.host)}
        open
        onClose={onClose}
        className="linkask"
        actions={
          <>
            <CopyButton text={() => onCopy(target.href)} label={words.copy} />
            <Button safe onClick={onClose}>
              {words.close}
            </Button>
          </>
        }
      >
        <Code text={shownName(target.href)} copyable={false} label={words.whole} />
      </Dialog>
    )
  }
  return (
    <Dialog
      title={words.title}
      about={words.about(target.host)}
      open
      onClose={onClose}
      alert
      className="linkask"
      actions={
        <>
          <CopyButton text={() => onCopy(target.href)} label={words.copy} />
          <Button safe onClick={onClose}>
            {words.cancel}
          </Button>
          <Button kind="primary" onClick={() => onOpen(target.href)}>
            {words.open}
          </Button>
        </>
      }
    >
      <Code text={shownName(target.href)} copyable={false} label={words.whole} />
      {target.odd === null ? null : <Note kind="warn" title={words[target.odd]} />}
    </Dialog>
  )
}

function EndDialog({ title, open, onClose, onEnd }: { title: string; open: boolean; onClose: () => void; onEnd: () => void }) {
  const words = terminalWords.end
  return (
    <Dialog
      title={words.title(title)}
      about={words.about}
      open={open}
      onClose={onClose}
      alert
      actions={
        <>
          <Button safe onClick={onClose}>
            {words.keep}
          </Button>
          <Button kind="danger" onClick={onEnd}>
            {words.confirm}
          </Button>
        </>
      }
    />
  )
}

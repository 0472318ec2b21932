import type { Terminal } from '../../../shared/terminal.ts'
import { Button } from '../../parts/buttons/button.tsx'
import { IconButton } from '../../parts/buttons/icon-button.tsx'
import { rove } from '../../parts/buttons/roving.ts'
import { Menu } from '../../parts/floats/menu.tsx'
import { Icon } from '../../parts/signs/icon.tsx'
import { terminalWords } from '../../words/terminal.ts'

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
export function SessionStrip(props: SessionStripProps) {
  const { terminals, shown, size, opening, canOpen, cut, hover, away, reader } = props
  return (
    <div className="strip sessions">
      <div className="filters" role="tablist" aria-label={terminalWords.sessions} onKeyDown={(event) => rove(event)}>
        {terminals.map(({ id, title, ended }) => (
          <button key={id} type="button" role="tab" aria-selected={id === shown} tabIndex={id === shown ? 0 : -1} onClick={() => props.onChoose(id)}>
            <Icon name="terminal" />{title}{ended === null ? null : <> <span className="n">{terminalWords.ended}</span></>}
          </button>
        ))}
      </div>
      {canOpen ? <IconButton icon="plus" small label={opening ? terminalWords.opening : terminalWords.open} aria-disabled={opening} onClick={() => { if (!opening) props.onOpen() }} /> : null}
      <div className="end">
        {hover === null ? null : <code className="cut small term-hover">{hover}</code>}
        {cut && hover === null ? <span className="dim small cut">{terminalWords.cut}</span> : null}
        {away === 0 ? null : <Button small title={terminalWords.takeWhy} onClick={props.onTake}>{terminalWords.take}</Button>}
        <span className="dim small nowrap">{terminalWords.size(size.cols, size.rows)}</span>
        <IconButton icon="search" label={terminalWords.find} keys="Mod+Shift+f" onClick={props.onFind} />
        <IconButton icon="copy" label={terminalWords.copy} keys="Mod+Shift+c" onClick={props.onCopy} />
        <Menu label={terminalWords.more} items={[{ label: terminalWords.reader, icon: reader ? 'check' : undefined, run: props.onReader }]} />
        <IconButton icon="close" label={terminalWords.close} onClick={props.onClose} />
      </div>
    </div>
  )
}

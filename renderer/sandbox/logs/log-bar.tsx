import { useRef } from 'react'
import { useCommand } from '../../frame/commands/use-command.ts'
import { Button } from '../../parts/buttons/button.tsx'
import { IconButton } from '../../parts/buttons/icon-button.tsx'
import { SearchField } from '../../parts/fields/search-field.tsx'
import { useFormat } from '../../words/formats.ts'
import { logWords } from '../../words/logs.ts'
import { mostHits } from './find.logic.ts'

export interface LogBarProps {
  readonly wanted: string
  readonly found: { readonly at: number | null; readonly count: number } | null
  readonly follow: boolean
  readonly times: boolean
  readonly wrap: boolean
  readonly lines: number
  readonly dropped: number
  readonly onWant: (wanted: string) => void
  readonly onStep: (by: 1 | -1) => void
  readonly onFollow: (on: boolean) => void
  readonly onTimes: (on: boolean) => void
  readonly onWrap: (on: boolean) => void
  readonly onCopy: () => void
  readonly onDownload: () => void
  readonly onClear: () => void
}

export function LogBar(props: LogBarProps) {
  const { wanted, found, follow, times, wrap, lines, dropped, onStep } = props
  const format = useFormat()
  const field = useRef<HTMLInputElement>(null)
  useCommand({ id: 'find', title: logWords.find, keys: ['/', 'Mod+f'], icon: 'search', run: () => field.current?.focus() })
  const count = found === null ? '' : found.count >= mostHits ? `${format.number(mostHits)}+` : format.number(found.count)
  return (
    <div className="strip ruled logbar">
      <SearchField
        ref={field} label={logWords.find} placeholder={logWords.find} keys="/" long value={wanted} onChange={props.onWant}
        found={found === null ? undefined : found.count === 0 ? logWords.none : logWords.found(found.at === null ? null : format.number(found.at + 1), count)}
        onKeyDown={(event) => {
          if (event.key !== 'Enter') return
          event.preventDefault()
          onStep(event.shiftKey ? -1 : 1)
        }}
      />
      {wanted === '' ? null : <><IconButton icon="up" small label={logWords.previous} onClick={() => onStep(-1)} /><IconButton icon="down" small label={logWords.next} onClick={() => onStep(1)} /></>}
      <span className="dim small nowrap logsum" data-lines={lines} data-dropped={dropped}>{logWords.shown(format.count(lines, 'line'), dropped === 0 ? null : format.number(dropped))}</span>
      <div className="end">
        <Button kind="quiet" icon="follow" className="toggle" aria-pressed={follow} aria-label={logWords.follow} onClick={() => props.onFollow(!follow)}><span className="label">{logWords.follow}</span></Button>
        <Button kind="quiet" icon="clock" className="toggle" aria-pressed={times} aria-label={logWords.times} onClick={() => props.onTimes(!times)}><span className="label">{logWords.times}</span></Button>
        <Button kind="quiet" icon="wrap" className="toggle" aria-pressed={wrap} aria-label={logWords.wrap} onClick={() => props.onWrap(!wrap)}><span className="label">{logWords.wrap}</span></Button>
        <span className="rule" />
        <IconButton icon="copy" label={logWords.copy} onClick={props.onCopy} />
        <IconButton icon="download" label={logWords.download} onClick={props.onDownload} />
        <Button kind="quiet" onClick={props.onClear}>{logWords.clear}</Button>
      </div>
    </div>
  )
}

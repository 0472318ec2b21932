import { Code } from '../../parts/blocks/code.tsx'
import { Note } from '../../parts/blocks/note.tsx'
import { Button } from '../../parts/buttons/button.tsx'
import { CopyButton } from '../../parts/buttons/copy-button.tsx'
import { Dialog } from '../../parts/floats/dialog.tsx'
import { useFormat } from '../../words/formats.ts'
import { terminalWords } from '../../words/terminal.ts'
import { shownName } from '../files/names.logic.ts'
import { targetOf } from './link.logic.ts'
import { lineCount } from './paste.logic.ts'

export interface PasteAsked {
  readonly text: string
  readonly why: 'lines' | 'long'
  readonly go: () => void
}

const previewLines = 12

/** Before several lines run one after the other. */
export function PasteDialog({ asked, onClose }: { asked: PasteAsked | null; onClose: () => void }) {
  const format = useFormat()
  const words = terminalWords.paste
  if (asked === null) return null
  const lines = asked.text.split(/\r\n?|\n/)
  const count = format.count(lineCount(asked.text), 'line')
  const shown = lines.slice(0, previewLines).map((line) => shownName(line.slice(0, 200)))
  if (lines.length > previewLines) shown.push(words.rest(format.number(lines.length - previewLines)))
  return (
    <Dialog
      title={words.title(count)} about={asked.why === 'lines' ? words.lines : words.long} open onClose={onClose} alert
      actions={<>
        <Button safe onClick={onClose}>{words.cancel}</Button>
        <Button
          kind="primary"
          onClick={() => {
            asked.go()
            onClose()
          }}
        >
          {words.confirm(count)}
        </Button>
      </>}
    >
      <Code text={shown.join('\n')} copyable={false} label={words.preview} />
    </Dialog>
  )
}

/** Where a link really leads, whatever its text says; nothing is opened before. */
export function LinkDialog({ uri, apart, onClose, onOpen, onCopy }: { uri: string | null; /** The sandbox has a network of its own: its localhost is not this computer's. */ apart: boolean; onClose: () => void; onOpen: (href: string) => void; onCopy: (href: string) => Promise<void> }) {
  const words = terminalWords.link
  if (uri === null) return null
  const target = targetOf(uri)
  if (target === null) {
    return (
      <Dialog title={words.refused} about={words.refusedWhy} open onClose={onClose} actions={<Button safe onClick={onClose}>{words.cancel}</Button>}>
        <Code text={shownName(uri.slice(0, 2000))} copyable={false} label={words.whole} />
      </Dialog>
    )
  }
  if (target.own && apart) {
    return (
      <Dialog
        title={words.inside} about={words.insideWhy(target.host)} open onClose={onClose} className="linkask"
        actions={<><CopyButton text={() => onCopy(target.href)} label={words.copy} /><Button safe onClick={onClose}>{words.close}</Button></>}
      >
        <Code text={shownName(target.href)} copyable={false} label={words.whole} />
      </Dialog>
    )
  }
  return (
    <Dialog
      title={words.title} about={words.about(target.host)} open onClose={onClose} alert className="linkask"
      actions={<>
        <CopyButton text={() => onCopy(target.href)} label={words.copy} />
        <Button safe onClick={onClose}>{words.cancel}</Button>
        <Button kind="primary" onClick={() => onOpen(target.href)}>{words.open}</Button>
      </>}
    >
      <Code text={shownName(target.href)} copyable={false} label={words.whole} />
      {target.odd === null ? null : <Note kind="warn" title={words[target.odd]} />}
    </Dialog>
  )
}

export function EndDialog({ title, open, onClose, onEnd }: { title: string; open: boolean; onClose: () => void; onEnd: () => void }) {
  const words = terminalWords.end
  return (
    <Dialog
      title={words.title(title)} about={words.about} open={open} onClose={onClose} alert
      actions={<>
        <Button safe onClick={onClose}>{words.keep}</Button>
        <Button kind="danger" onClick={onEnd}>{words.confirm}</Button>
      </>}
    />
  )
}

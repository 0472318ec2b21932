import { useEffect, useState } from 'react'
import { asBerthError, type BerthError } from '../../../shared/errors.ts'
import { useEndpoint, useNative } from '../../state/contexts.ts'
import { Note } from '../../parts/blocks.tsx'
import { Button, CopyButton, IconButton } from '../../parts/buttons.tsx'
import { fileWords } from './files.words.ts'
import { useFormat } from '../../words/format.ts'
import { useTask } from '../../parts/use-task.ts'
import { bytesOf, type Content, contentOf, type FileRow, linesOf, mostShown, savedName, shownName } from './files.logic.ts'

type Read =
  | { readonly state: 'reading' }
  | { readonly state: 'large' }
  | { readonly state: 'failed'; readonly error: BerthError }
  | { readonly state: 'read'; readonly content: Content; readonly base64: string }

/** Arrowing through a list does not read every file on the way. Ms. */
const restMs = 120

/** What is in a file: text as text, four kinds of pictures, nothing that could act. */
export function Preview({ id, file, onClose }: { id: string; file: FileRow; onClose: () => void }) {
  const endpoint = useEndpoint()
  const native = useNative()
  const format = useFormat()
  const { busy, run } = useTask()
  const large = (file.size ?? 0) > mostShown
  const [read, setRead] = useState<Read>({ state: large ? 'large' : 'reading' })
  useEffect(() => {
    if (large) return
    let current = true
    const timer = setTimeout(() => {
      endpoint.call('read', { id, path: file.path, encoding: 'base64' }).then(
        ({ content }) => {
          if (current) setRead({ state: 'read', content: contentOf(bytesOf(content)), base64: content })
        },
        (thrown: unknown) => {
          const error = asBerthError(thrown)
          if (current) setRead(error.code === 'TOO_LARGE' ? { state: 'large' } : { state: 'failed', error })
        },
      )
    }, restMs)
    return () => {
      current = false
      clearTimeout(timer)
    }
  }, [endpoint, id, file.path, file.modified_at, large])

  const name = shownName(file.name)
  const words = fileWords.preview
  const download = () => run(async () => void (await native.download({ sandbox: id, path: file.path, name: savedName(file.name) })))
  return (
    <section
      className="preview"
      aria-label={name}
      onKeyDown={(event) => {
        if (event.key !== 'Escape') return
        event.preventDefault()
        onClose()
      }}
    >
      <header>
        <span className="strong cut" title={name}>
          {name}
        </span>
        <span className="dim small">{file.size === null ? '' : format.size(file.size)}</span>
        <span className="end group">
          {read.state === 'read' && read.content.kind === 'text' ? <CopyButton text={read.content.text} label={fileWords.copy} /> : null}
          <IconButton icon="download" small label={fileWords.download} aria-disabled={busy} onClick={download} />
          <IconButton icon="close" small label={fileWords.close} onClick={onClose} />
        </span>
      </header>
      {read.state === 'reading' ? (
        <p className="pad dim" role="status">
          {words.reading}
        </p>
      ) : read.state === 'failed' ? (
        <div className="pad">
          <Note kind="bad" live title={`${read.error.message}.`.replace(/\.\.$/, '.')}>
            {read.error.next}
          </Note>
        </div>
      ) : read.state === 'large' || read.content.kind === 'binary' ? (
        <div className="pad">
          <p className="mid">{read.state === 'large' ? words.large(format.size(file.size ?? mostShown)) : words.binary}</p>
          <p className="hint">
            <Button icon="download" busy={busy} onClick={download}>
              {fileWords.download}
            </Button>
          </p>
        </div>
      ) : read.content.kind === 'image' ? (
        <div className="picture">
          <img alt={words.image(name)} src={`data:${read.content.type};base64,${read.base64}`} />
        </div>
      ) : (
        <Text text={read.content.text} />
      )}
    </section>
  )
}

function Text({ text }: { text: string }) {
  const format = useFormat()
  const { lines, rest } = linesOf(text, 5000)
  return (
    <pre className="src" tabIndex={0}>
      {lines.map((line, at) => (
        <span key={at} className="ln">
          {line === '' ? ' ' : line}
        </span>
      ))}
      {rest === 0 ? null : (
        <span className="dim">
          {fileWords.preview.rest(format.count(rest, 'line'))} {fileWords.preview.instead}
        </span>
      )}
    </pre>
  )
}

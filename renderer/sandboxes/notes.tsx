import { useState } from 'react'
import { asBerthError } from '../../shared/errors.ts'
import { useEndpoint } from '../frame/house/contexts.ts'
import { useHouse } from '../frame/house/use-house.ts'
import { hashOf } from '../frame/route.ts'
import { Button } from '../parts/buttons/button.tsx'
import { Code } from '../parts/blocks/code.tsx'
import { Note } from '../parts/blocks/note.tsx'
import { useToast } from '../parts/floats/toasts.ts'
import { useFormat } from '../words/formats.ts'
import { sandboxesWords } from '../words/sandboxes.ts'

const words = sandboxesWords.notes

/** What a person should know before they read the list: on top, until it is no longer so. */
export function Notes() {
  const [house, creating] = useHouse((state) => [state.house, Object.values(state.sandboxes).some(({ status }) => status === 'creating')])
  const { backend, image, config } = house
  return (
    <div className="notes">
      {house.shutting_down ? <Note kind="warn" live title={words.shuttingDown} /> : null}
      {!backend.reachable && backend.kind !== 'none' ? <Note kind="bad" live title={words.lost(backend.engine ?? 'The container engine')}>{backend.problem} {words.lostWhy}</Note> : null}
      {config.error === null ? null : (
        <Note kind="bad" live title={words.config} action={<a className="btn small" href={hashOf(['settings'])}>{words.show}</a>}>{config.error} {words.configWhy}</Note>
      )}
      {backend.kind === 'embedded' ? <EmbeddedNote /> : null}
      {/* Whoever waits for it stands in the list, with the same progress. */}
      {image && ((image.since !== null && !creating) || image.problem !== null) ? <ImageNote /> : null}
      {house.warnings.map((text) => <Note key={text} kind="warn" title={text} />)}
    </div>
  )
}

/** Why it is not containers, what that means, and the way to them. */
function EmbeddedNote() {
  const backend = useHouse((state) => state.house.backend)
  const endpoint = useEndpoint()
  const toast = useToast()
  const [shown, setShown] = useState(false)
  const [busy, setBusy] = useState(false)
  const [fix] = backend.fixes

  async function change(): Promise<void> {
    setBusy(true)
    try {
      await endpoint.call('switch_backend', {})
    } catch (thrown) {
      const error = asBerthError(thrown)
      toast({ title: error.message, detail: error.next, status: 'failed', stay: true })
      setBusy(false)
    }
  }

  if (backend.better !== null) {
    return <Note kind="info" live title={words.better(backend.better)} action={<Button small kind="primary" busy={busy} onClick={() => void change()}>{words.switch}</Button>}>{words.switchWhy}</Note>
  }
  return (
    <>
      <Note
        kind={backend.isolation === 'none' ? 'warn' : 'info'} title={backend.isolation === 'none' ? words.bare : words.embedded}
        action={fix ? <Button small aria-expanded={shown} onClick={() => setShown(!shown)}>{words.get}</Button> : undefined}
      >
        {backend.reason}
      </Note>
      {shown && fix ? <div className="notefix"><p className="mid">{fix.text}.</p>{fix.command === null ? null : <Code text={fix.command} />}</div> : null}
    </>
  )
}

function ImageNote() {
  const image = useHouse((state) => state.house.image)
  const endpoint = useEndpoint()
  const format = useFormat()
  if (!image) return null
  if (image.since === null) {
    return <Note kind="bad" title={words.imageFailed(image.name)} action={<Button small onClick={() => void endpoint.call('image_prepare', {})}>{words.tryAgain}</Button>}>{image.problem}</Note>
  }
  const { progress } = image
  const far = progress && progress.done !== null && progress.total !== null ? format.sizes(progress.done, progress.total) : progress?.text
  return <Note title={words.imagePulling(image.name)} action={<Button small onClick={() => void endpoint.call('image_cancel', {})}>{words.cancel}</Button>}>{far}</Note>
}

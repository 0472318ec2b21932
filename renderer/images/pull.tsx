import { useEffect, useRef, useState } from 'react'
import { asBerthError } from '../../shared/errors.ts'
import type { ImageState } from '../../shared/image.ts'
import { useEndpoint } from '../frame/house/contexts.ts'
import { useHouse } from '../frame/house/use-house.ts'
import { Button } from '../parts/buttons/button.tsx'
import { Note } from '../parts/blocks/note.tsx'
import { useToast } from '../parts/floats/toasts.ts'
import { Mark } from '../parts/signs/mark.tsx'
import { Progress } from '../parts/signs/progress.tsx'
import { useFormat } from '../words/formats.ts'
import { imagesWords as words } from '../words/images.ts'
import { layerKind, leftMs, rateOf, shareOf, withMark, type Mark as Moment } from './pull.logic.ts'

/** The image on its way: total first, layers below, Cancel beside. Nothing while nothing is being done. */
export function Pull({ image }: { image: ImageState }) {
  const endpoint = useEndpoint()
  const toast = useToast()
  const call = (name: 'image_cancel' | 'image_prepare') => {
    endpoint.call(name, {}).catch((thrown: unknown) => {
      const error = asBerthError(thrown)
      toast({ title: error.message, detail: error.next, status: 'failed', stay: true })
    })
  }
  if (image.since !== null) return <Going image={image} onCancel={() => call('image_cancel')} />
  if (image.problem !== null) return <div className="pad"><Note kind="bad" title={words.failed(image.name)} action={<Button small icon="retry" onClick={() => call('image_prepare')}>{words.again}</Button>}>{image.problem}</Note></div>
  if (!image.present) return <div className="pad"><Note title={words.noneYet} action={<Button small icon="download" onClick={() => call('image_prepare')}>{words.get}</Button>}>{words.noneYetHow}</Note></div>
  return null
}

function Going({ image, onCancel }: { image: ImageState; onCancel: () => void }) {
  const format = useFormat()
  const waiting = useHouse(({ sandboxes }) => Object.values(sandboxes).filter(({ status }) => status === 'creating').length)
  const marks = useRef<readonly Moment[]>([])
  const [rate, setRate] = useState<number | null>(null)
  const { progress, layers } = image
  const done = progress?.done ?? null
  const total = progress?.total ?? null
  useEffect(() => {
    if (done === null) return
    marks.current = withMark(marks.current, { at: performance.now(), done })
    setRate(rateOf(marks.current))
  }, [done])
  const share = shareOf(progress)
  const left = leftMs(image, rate)
  // Bytes only where they are: a build counts its steps.
  const bytes = progress?.step === 'image-pull'
  return (
    <section className="pull" aria-labelledby="pulling">
      <header>
        <Mark name="creating" />
        <h2 id="pulling">{words.pulling} <span className="strong">{image.name}</span></h2>
        {waiting > 0 ? <span className="dim">{words.waits(format.count(waiting, 'sandbox', 'sandboxes'))}</span> : null}
        <span className="end"><Button small onClick={onCancel}>{words.cancel}</Button></span>
      </header>
      <div className="total"><Progress label={image.name} done={done} total={total} />{share === null ? null : <span className="strong">{format.percent(share)}</span>}</div>
      <p className="numbers">
        {bytes && done !== null && total !== null ? <span>{format.sizes(done, total)}</span> : <span>{progress?.text}</span>}
        {bytes && rate !== null ? <span>{format.rate(rate)}</span> : null}
        {bytes && left !== null ? <span>{words.left(format.inWords(left))}</span> : null}
        {layers.length > 0 ? <span className="dim">{words.here_(layers.filter(({ step }) => layerKind(step) === 'done').length, layers.length)}</span> : null}
      </p>
      {layers.length === 0 ? null : (
        <ol className="layers" aria-label={words.layers}>
          {layers.map((layer) => {
            const kind = layerKind(layer.step)
            return (
              <li key={layer.id} className={kind}>
                <code>{layer.id}</code>
                <span className="st"><Mark name={kind === 'done' ? 'gone' : kind === 'work' ? 'creating' : 'slot'} />{layer.step}</span>
                <Progress label={`${layer.id} ${layer.step}`} done={kind === 'done' ? 1 : layer.done} total={kind === 'done' ? 1 : layer.total} />
                <span className="sz">{layer.total === null ? '' : kind === 'done' || layer.done === null ? format.size(layer.total) : format.sizes(layer.done, layer.total)}</span>
              </li>
            )
          })}
        </ol>
      )}
    </section>
  )
}

import { useCallback, useEffect, useMemo, useRef, useState } from 'react'
import { useEndpoint, useHouse, useNow, useTopic } from '../state/contexts.ts'
import { Page } from '../parts/page.tsx'
import { Empty, Note } from '../parts/blocks.tsx'
import { useFormat } from '../words/format.ts'
import { imagesWords as words } from './images.words.ts'
import { asBerthError, type ErrorData, toErrorData } from '../../shared/errors.ts'
import type { ImageRow, ImageState } from '../../shared/image.ts'
import { Button, IconButton } from '../parts/buttons.tsx'
import { Dialog } from '../parts/overlays.tsx'
import { useToast } from '../parts/toasts.ts'
import { Grid } from '../parts/grid/grid.tsx'
import type { Column } from '../parts/grid/columns.ts'
import { nothingChosen } from '../parts/grid/grid.logic.ts'
import { Chip, Mark, Progress } from '../parts/indicators.tsx'
import { layerKind, leftMs, type Mark as Moment, rateOf, shareOf, splitName, withMark } from '../state/pull.logic.ts'

/** How long still; what is here, and who uses it. */
export function ImagesScreen() {
  const image = useHouse((state) => state.house.image)
  const { images, problem } = useImages()
  const format = useFormat()
  if (image === null)
    return (
      <Page title={words.title}>
        <div className="scroll pad">
          <Empty title={words.none}>{words.noneHow}</Empty>
        </div>
      </Page>
    )
  const total = (images ?? []).reduce((sum, { bytes }) => sum + bytes, 0)
  return (
    <Page
      title={words.title}
      beside={images && images.length > 0 ? <p className="dim nowrap">{words.here(format.number(images.length), format.size(total))}</p> : undefined}
    >
      <div className="scroll">
        <Pull image={image} />
        <ImageList images={images} problem={problem} />
      </div>
    </Page>
  )
}

const nameOf = (image: ImageRow): string => image.names[0] ?? image.id.slice(0, 19)

export function ImageList({ images, problem }: { images: readonly ImageRow[] | null; problem: ErrorData | null }) {
  const format = useFormat()
  const endpoint = useEndpoint()
  const toast = useToast()
  const now = useNow('minute')
  const [chosen, setChosen] = useState(nothingChosen)
  const [removing, setRemoving] = useState<ImageRow | null>(null)

  const columns = useMemo(() => {
    const failed = (thrown: unknown) => {
      const error = asBerthError(thrown)
      toast({ title: error.message, detail: error.next, status: 'failed', stay: true })
    }
    const use = (image: ImageRow) => {
      endpoint.call('config_set', { key: 'image', value: nameOf(image) }).then(() => toast({ title: words.unchanged }), failed)
    }
    return [
      {
        id: 'image',
        title: words.image,
        head: true,
        cell: (it) => (
          <>
            <span className="strong">{splitName(nameOf(it)).repository}</span>
            {it.current ? (
              <>
                {' '}
                <Chip>{words.current}</Chip>
              </>
            ) : null}
          </>
        ),
      },
      { id: 'tag', title: words.tag, className: 'c-tag', cell: (it) => splitName(nameOf(it)).tag ?? '–' },
      { id: 'id', title: words.id, className: 'c-dig mid', cell: (it) => <code title={it.id}>{it.id.replace('sha256:', '').slice(0, 8)}</code> },
      { id: 'size', title: words.size, className: 'c-size mid', num: true, cell: (it) => format.size(it.bytes) },
      {
        id: 'used',
        title: words.used,
        className: 'c-used mid gap',
        cell: (it) => (it.used_by.length === 0 ? <span className="dim">{words.nobody}</span> : format.count(it.used_by.length, 'sandbox', 'sandboxes')),
      },
      {
        id: 'made',
        title: words.made,
        className: 'c-pulled mid',
        cell: (it) => <span title={format.full(new Date(it.created_at))}>{format.when(new Date(it.created_at), new Date(now))}</span>,
      },
      {
        id: 'actions',
        title: words.actions,
        hideTitle: true,
        className: 'c-acts actions',
        cell: (it) => (
          <span className="group">
            {it.current || it.names.length === 0 ? null : (
              <Button kind="quiet" small onClick={() => use(it)}>
                {words.use}
              </Button>
            )}
            {it.used_by.length > 0 ? null : <IconButton small icon="trash" label={words.remove} onClick={() => setRemoving(it)} />}
          </span>
        ),
      },
    ] satisfies readonly Column<ImageRow>[]
  }, [format, endpoint, toast, now])

  function remove(image: ImageRow): void {
    setRemoving(null)
    endpoint.call('image_remove', { id: image.id }).catch((thrown: unknown) => {
      const error = asBerthError(thrown)
      toast({ title: error.message, detail: error.next, status: 'failed', stay: true })
    })
  }

  if (problem)
    return (
      <div className="pad">
        <Note kind="bad" title={problem.message}>
          {problem.next}
        </Note>
      </div>
    )
  return (
    <>
      <Grid
        label={words.title}
        className="images"
        columns={columns}
        groups={[{ id: 'all', rows: images ?? [] }]}
        id={({ id }) => id}
        text={nameOf}
        chosen={chosen}
        onChoose={setChosen}
        empty={images === null ? null : <Empty title={words.noneYet}>{words.noneYetHow}</Empty>}
      />
      {removing ? (
        <Dialog
          open
          alert
          title={words.removeAsk.title(nameOf(removing))}
          about={words.removeAsk.about}
          onClose={() => setRemoving(null)}
          actions={
            <>
              <Button safe onClick={() => setRemoving(null)}>
                {words.removeAsk.keep}
              </Button>
              <Button kind="danger" onClick={() => remove(removing)}>
                {words.removeAsk.remove}
              </Button>
            </>
          }
        />
      ) : null}
    </>
  )
}

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
  if (image.problem !== null)
    return (
      <div className="pad">
        <Note
          kind="bad"
          title={words.failed(image.name)}
          action={
            <Button small icon="retry" onClick={() => call('image_prepare')}>
              {words.again}
            </Button>
          }
        >
          {image.problem}
        </Note>
      </div>
    )
  if (!image.present)
    return (
      <div className="pad">
        <Note
          title={words.noneYet}
          action={
            <Button small icon="download" onClick={() => call('image_prepare')}>
              {words.get}
            </Button>
          }
        >
          {words.noneYetHow}
        </Note>
      </div>
    )
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
        <h2 id="pulling">
          {words.pulling} <span className="strong">{image.name}</span>
        </h2>
        {waiting > 0 ? <span className="dim">{words.waits(format.count(waiting, 'sandbox', 'sandboxes'))}</span> : null}
        <span className="end">
          <Button small onClick={onCancel}>
            {words.cancel}
          </Button>
        </span>
      </header>
      <div className="total">
        <Progress label={image.name} done={done} total={total} />
        {share === null ? null : <span className="strong">{format.percent(share)}</span>}
      </div>
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
                <span className="st">
                  <Mark name={kind === 'done' ? 'gone' : kind === 'work' ? 'creating' : 'slot'} />
                  {layer.step}
                </span>
                <Progress label={`${layer.id} ${layer.step}`} done={kind === 'done' ? 1 : layer.done} total={kind === 'done' ? 1 : layer.total} />
                <span className="sz">
                  {layer.total === null ? '' : kind === 'done' || layer.done === null ? format.size(layer.total) : format.sizes(layer.done, layer.total)}
                </span>
              </li>
            )
          })}
        </ol>
      )}
    </section>
  )
}

/** Images on the engine: read anew when one comes, or when sandboxes come and go. */
export function useImages(): { images: readonly ImageRow[] | null; problem: ErrorData | null } {
  const endpoint = useEndpoint()
  const [present, used] = useHouse(({ house, sandboxes }) => [
    house.image?.present,
    Object.values(sandboxes)
      .map(({ id, container }) => `${id}${container}`)
      .sort()
      .join(),
  ])
  const [images, setImages] = useState<readonly ImageRow[] | null>(null)
  const [problem, setProblem] = useState<ErrorData | null>(null)
  const read = useCallback(() => {
    endpoint.call('images', {}).then(
      (got) => {
        setImages(got.images)
        setProblem(null)
      },
      (error: unknown) => setProblem(toErrorData(asBerthError(error))),
    )
  }, [endpoint])
  useEffect(read, [read, present, used])
  useTopic(
    'events',
    { limit: 0 },
    {
      event({ events }) {
        if (events.some(({ type }) => type.startsWith('image.') || type.startsWith('config.'))) read()
      },
    },
  )
  return { images, problem }
}

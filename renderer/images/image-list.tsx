import { useMemo, useState } from 'react'
import { asBerthError, type ErrorData } from '../../shared/errors.ts'
import type { ImageRow } from '../../shared/image.ts'
import { useEndpoint } from '../frame/house/contexts.ts'
import { useNow } from '../frame/house/use-now.ts'
import { Button } from '../parts/buttons/button.tsx'
import { IconButton } from '../parts/buttons/icon-button.tsx'
import { Empty } from '../parts/blocks/empty.tsx'
import { Note } from '../parts/blocks/note.tsx'
import { Dialog } from '../parts/floats/dialog.tsx'
import { useToast } from '../parts/floats/toasts.ts'
import { Grid } from '../parts/grid/grid.tsx'
import type { Column } from '../parts/grid/columns.ts'
import { nothingChosen } from '../parts/grid/grid.logic.ts'
import { Chip } from '../parts/signs/chip.tsx'
import { useFormat } from '../words/formats.ts'
import { imagesWords as words } from '../words/images.ts'
import { splitName } from './pull.logic.ts'

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
      { id: 'image', title: words.image, head: true, cell: (it) => <><span className="strong">{splitName(nameOf(it)).repository}</span>{it.current ? <> <Chip>{words.current}</Chip></> : null}</> },
      { id: 'tag', title: words.tag, className: 'c-tag', cell: (it) => splitName(nameOf(it)).tag ?? '–' },
      { id: 'id', title: words.id, className: 'c-dig mid', cell: (it) => <code title={it.id}>{it.id.replace('sha256:', '').slice(0, 8)}</code> },
      { id: 'size', title: words.size, className: 'c-size mid', num: true, cell: (it) => format.size(it.bytes) },
      { id: 'used', title: words.used, className: 'c-used mid gap', cell: (it) => (it.used_by.length === 0 ? <span className="dim">{words.nobody}</span> : format.count(it.used_by.length, 'sandbox', 'sandboxes')) },
      { id: 'made', title: words.made, className: 'c-pulled mid', cell: (it) => <span title={format.full(new Date(it.created_at))}>{format.when(new Date(it.created_at), new Date(now))}</span> },
      {
        id: 'actions', title: words.actions, hideTitle: true, className: 'c-acts actions',
        cell: (it) => (
          <span className="group">
            {it.current || it.names.length === 0 ? null : <Button kind="quiet" small onClick={() => use(it)}>{words.use}</Button>}
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

  if (problem) return <div className="pad"><Note kind="bad" title={problem.message}>{problem.next}</Note></div>
  return (
    <>
      <Grid
        label={words.title} className="images" columns={columns} groups={[{ id: 'all', rows: images ?? [] }]} id={({ id }) => id} text={nameOf} chosen={chosen} onChoose={setChosen}
        empty={images === null ? null : <Empty title={words.noneYet}>{words.noneYetHow}</Empty>}
      />
      {removing ? (
        <Dialog
          open alert title={words.removeAsk.title(nameOf(removing))} about={words.removeAsk.about} onClose={() => setRemoving(null)}
          actions={<><Button safe onClick={() => setRemoving(null)}>{words.removeAsk.keep}</Button><Button kind="danger" onClick={() => remove(removing)}>{words.removeAsk.remove}</Button></>}
        />
      ) : null}
    </>
  )
}

import { useHouse } from '../frame/house/use-house.ts'
import { Page } from '../frame/window/page.tsx'
import { Empty } from '../parts/blocks/empty.tsx'
import { useFormat } from '../words/formats.ts'
import { imagesWords as words } from '../words/images.ts'
import { ImageList } from './image-list.tsx'
import { Pull } from './pull.tsx'
import { useImages } from './use-images.ts'

/** How long still; what is here, and who uses it. */
export function ImagesScreen() {
  const image = useHouse((state) => state.house.image)
  const { images, problem } = useImages()
  const format = useFormat()
  if (image === null) return <Page title={words.title}><div className="scroll pad"><Empty title={words.none}>{words.noneHow}</Empty></div></Page>
  const total = (images ?? []).reduce((sum, { bytes }) => sum + bytes, 0)
  return (
    <Page title={words.title} beside={images && images.length > 0 ? <p className="dim nowrap">{words.here(format.number(images.length), format.size(total))}</p> : undefined}>
      <div className="scroll">
        <Pull image={image} />
        <ImageList images={images} problem={problem} />
      </div>
    </Page>
  )
}

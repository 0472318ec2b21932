import { Button } from '../../parts/buttons/button.tsx'
import { Progress } from '../../parts/signs/progress.tsx'
import { fileWords } from '../../words/files.ts'
import { useFormat } from '../../words/formats.ts'
import type { Upload } from './use-upload.ts'

export function UploadStrip({ upload: { going, cancel } }: { upload: Upload }) {
  const format = useFormat()
  if (going === null) return null
  const text = format.sizes(going.done, going.total)
  return (
    <div className="strip ruled uploading">
      <span className="nowrap">{fileWords.uploading(text)}</span>
      <Progress done={going.done} total={going.total} label={fileWords.uploading(text)} />
      <div className="end"><Button small onClick={cancel}>{fileWords.cancel}</Button></div>
    </div>
  )
}

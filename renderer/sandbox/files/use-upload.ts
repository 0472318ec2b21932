import { useRef, useState } from 'react'
import { asBerthError } from '../../../shared/errors.ts'
import { useNative } from '../../frame/house/contexts.ts'
import { useToast } from '../../parts/floats/toasts.ts'
import { useFormat } from '../../words/formats.ts'
import { fileWords } from '../../words/files.ts'

export interface Upload {
  /** null: none is under way. */
  readonly going: { readonly done: number; readonly total: number } | null
  /** null: a dialog asks which. */
  start(files: readonly File[] | null): void
  cancel(): void
}

/** Files on their way into a directory, one batch at a time. */
export function useUpload({ id, path, onDone }: { id: string; path: string; onDone: () => void }): Upload {
  const native = useNative()
  const toast = useToast()
  const format = useFormat()
  const [going, setGoing] = useState<Upload['going']>(null)
  const cancel = useRef<AbortController>(null)
  return {
    going,
    start(files) {
      if (cancel.current !== null) return
      const stop = new AbortController()
      cancel.current = stop
      native.upload({ sandbox: id, directory: path }, files, (done, total) => setGoing({ done, total }), stop.signal).then(
        (written) => {
          if (written.length > 0) toast({ status: 'active', title: fileWords.uploaded(format.count(written.length, 'file')) })
        },
        (thrown: unknown) => {
          const error = asBerthError(thrown)
          if (error.code === 'CANCELLED') toast({ status: 'gone', title: fileWords.cancelled, detail: error.next })
          else toast({ status: 'failed', title: `${fileWords.uploadFailed}: ${error.message}.`, detail: error.next, stay: true })
        },
      ).finally(() => {
        cancel.current = null
        setGoing(null)
        onDone()
      })
    },
    cancel: () => cancel.current?.abort(),
  }
}

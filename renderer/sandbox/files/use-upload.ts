import { useRef, useState } from 'react'
import { asBerthError, type BerthError } from '../../../shared/errors.ts'
import { useEndpoint, useNative } from '../../state/contexts.ts'
import { useToast } from '../../parts/toasts.ts'
import { useFormat } from '../../words/format.ts'
import { fileWords } from './files.words.ts'

export interface Upload {
  /** null: none is under way. */
  readonly going: { readonly done: number; readonly total: number } | null
  /** null: a dialog asks which. What has the name of one that is there is asked about first. */
  start(files: readonly File[] | null): void
  /** Names that are there already, and wait for an answer; `others` are uploaded whatever it is. */
  readonly asked: { readonly names: readonly string[]; readonly others: number } | null
  answer(replace: boolean): void
  cancel(): void
}

/** Files on their way into a directory, one batch at a time. */
export function useUpload({ id, path, onDone }: { id: string; path: string; onDone: () => void }): Upload {
  const endpoint = useEndpoint()
  const native = useNative()
  const toast = useToast()
  const format = useFormat()
  const [going, setGoing] = useState<Upload['going']>(null)
  const [waiting, setWaiting] = useState<{ files: readonly File[]; names: readonly string[] } | null>(null)
  const cancel = useRef<AbortController>(null)

  function send(files: readonly File[]): void {
    if (files.length === 0 || cancel.current !== null) return
    const stop = new AbortController()
    cancel.current = stop
    native
      .upload({ sandbox: id, directory: path }, files, (done, total) => setGoing({ done, total }), stop.signal)
      .then(
        (written) => {
          if (written.length > 0) toast({ status: 'active', title: fileWords.uploaded(format.count(written.length, 'file')) })
        },
        (thrown: unknown) => {
          const error = asBerthError(thrown)
          if (error.code === 'CANCELLED') toast({ status: 'gone', title: fileWords.cancelled, detail: error.next })
          else tellFailure(error)
        },
      )
      .finally(() => {
        cancel.current = null
        setGoing(null)
        onDone()
      })
  }

  function tellFailure(error: BerthError): void {
    toast({ status: 'failed', title: `${fileWords.uploadFailed}: ${error.message}.`, detail: error.next, stay: true })
  }

  async function ask(files: readonly File[] | null): Promise<void> {
    if (cancel.current !== null) return
    const chosen = files ?? (await chooseFiles(document))
    if (chosen.length === 0) return
    // Asked anew: the list on the screen may be older than what an agent has made since.
    const there = new Set((await endpoint.call('files', { id, path })).files.map(({ name }) => name))
    const names = chosen.map(({ name }) => name).filter((name) => there.has(name))
    if (names.length > 0) setWaiting({ files: chosen, names })
    else send(chosen)
  }

  return {
    going,
    start: (files) => void ask(files).catch((thrown: unknown) => tellFailure(asBerthError(thrown))),
    asked: waiting && { names: waiting.names, others: waiting.files.length - waiting.names.length },
    answer(replace) {
      setWaiting(null)
      if (waiting !== null) send(waiting.files.filter(({ name }) => replace || !waiting.names.includes(name)))
    },
    cancel: () => cancel.current?.abort(),
  }
}

/** The browser's (in the shell: the system's) own dialog. Empty: they changed their mind. */
function chooseFiles(document: Document): Promise<readonly File[]> {
  return new Promise((resolve) => {
    const input = document.createElement('input')
    input.type = 'file'
    input.multiple = true
    input.addEventListener('change', () => resolve([...(input.files ?? [])]), { once: true })
    input.addEventListener('cancel', () => resolve([]), { once: true })
    input.click()
  })
}

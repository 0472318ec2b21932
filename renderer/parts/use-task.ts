import { useRef, useState } from 'react'
import { asBerthError } from '../../shared/errors.ts'
import { useToast } from './toasts.ts'

/** Does one thing at a time, and says why where it failed. `busy` meanwhile. */
export function useTask(): { busy: boolean; run: (work: () => Promise<void>) => void } {
  const toast = useToast()
  const [busy, setBusy] = useState(false)
  const going = useRef(false)
  return {
    busy,
    run(work) {
      if (going.current) return
      going.current = true
      setBusy(true)
      work()
        .catch((thrown: unknown) => {
          const error = asBerthError(thrown)
          toast({ status: 'failed', title: `${error.message}.`.replace(/\.\.$/, '.'), detail: error.next, stay: true })
        })
        .finally(() => {
          going.current = false
          setBusy(false)
        })
    },
  }
}

import { useEffect, useState } from 'react'
import type { CallResult } from '../../../shared/contract.ts'
import { useEndpoint } from '../../frame/house/contexts.ts'

type ThreadRow = CallResult<'threads'>['threads'][number]

/** What a thread has on the disk, whether it has a sandbox or not. */
export type ThreadFiles = 'looking' | 'unknown' | 'none' | ThreadRow

/** Asked once, as it reads the disk; answers for any name. */
export function useThreadFiles(): (thread: string, user: string) => ThreadFiles {
  const endpoint = useEndpoint()
  const [threads, setThreads] = useState<readonly ThreadRow[] | 'looking' | 'unknown'>('looking')
  useEffect(() => {
    let shown = true
    endpoint.call('threads', {}).then((got) => { if (shown) setThreads(got.threads) }, () => { if (shown) setThreads('unknown') })
    return () => {
      shown = false
    }
  }, [endpoint])
  return (thread, user) => typeof threads === 'string' ? threads : threads.find((one) => one.thread === thread && one.user === user && one.files > 0) ?? 'none'
}

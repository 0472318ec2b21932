import type { Ref } from 'react'
import type { Hit } from './find.logic.ts'
import type { LogBuffer } from './log-buffer.ts'

export interface LogListHandle {
  show(index: number): void
  toEnd(): void
  /** Text chosen in the list. */
  selection(): string
}

export interface LogListProps {
  readonly log: LogBuffer
  readonly size: number
  readonly gone: number
  readonly times: boolean
  readonly wrap: boolean
  readonly wanted: string
  readonly current: Hit | null
  readonly follow: boolean
  /** Lines that came since it stopped following. */
  readonly newer: number
  /** There were lines once. */
  readonly cleared: boolean
  /** There is a container that writes. */
  readonly ready: boolean
  readonly onFollow: (follow: boolean) => void
  readonly ref?: Ref<LogListHandle> | undefined
}

import type { BackendKind } from './sandbox.ts'

/**
 * What each kind of backend is, as data: who wants to know what one can do asks here or, for what depends on the engine that was met, its
 * `traits`; outside of `main/backends/` and `main/engine/` nobody compares kinds.
 */
export interface KindTraits {
  /** In a few letters, where its engine has not said its name. */
  readonly label: string
  /** It can run sandboxes at all. */
  readonly provisions: boolean
  /** It works through a container engine with Docker's API. */
  readonly containerEngine: boolean
  /** Its sandboxes are made of an image. */
  readonly images: 'configured' | 'elsewhere' | 'none'
  /** A thread's files, and the way into its sandbox, are on this machine. */
  readonly local: boolean
  /** Its sandboxes end with the engine's process; their files stay. */
  readonly endsWithEngine: boolean
  /** It stands in for a container engine where there is none: what it keeps apart is told, and that there is something better. */
  readonly fallback: boolean
  /** Why it keeps no slots, for a person; null: it may. */
  readonly noSlots: string | null
}

export const backendKinds: Readonly<Record<BackendKind, KindTraits>> = {
  docker: {
    label: 'Docker',
    provisions: true,
    containerEngine: true,
    images: 'configured',
    local: true,
    endsWithEngine: false,
    fallback: false,
    noSlots: null,
  },
  embedded: { label: 'Embedded', provisions: true, containerEngine: false, images: 'none', local: true, endsWithEngine: true, fallback: true, noSlots: null },
  remote: {
    label: 'Remote',
    provisions: true,
    containerEngine: false,
    images: 'elsewhere',
    local: false,
    endsWithEngine: false,
    fallback: false,
    noSlots: 'the backend remote has no spare sandboxes',
  },
  apple: {
    label: 'Apple',
    provisions: true,
    containerEngine: false,
    images: 'configured',
    local: true,
    endsWithEngine: false,
    fallback: false,
    noSlots: 'the backend apple has no spare sandboxes',
  },
  none: {
    label: 'No engine',
    provisions: false,
    containerEngine: false,
    images: 'configured',
    local: true,
    endsWithEngine: false,
    fallback: false,
    noSlots: 'nothing here can run a sandbox',
  },
}

/** What is known of the backend before it is chosen: null where that is left to Berth. */
export function kindConfigured(backend: 'auto' | BackendKind): KindTraits | null {
  return backend === 'auto' ? null : backendKinds[backend]
}

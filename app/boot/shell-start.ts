import type { System } from '../system/system.ts'

/** What the shell is started with. */
export interface ShellStart {
  readonly system: System
  readonly env: NodeJS.ProcessEnv
  /** Where the built main file lies. */
  readonly here: string
  readonly resourcesPath: string
  readonly execPath: string
  readonly argv: readonly string[]
}

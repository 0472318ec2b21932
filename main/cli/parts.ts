import type { CallResult } from '../../shared/contract.ts'
import type { Log } from '../log.ts'
import type { OpenedCalls } from '../mcp/lazy-calls.ts'
import type { StdioOptions } from '../mcp/serve-stdio.ts'

/** What `berth serve` needs of an engine. */
export interface ServedEngine {
  readonly url: string
  readonly port: number
  readonly home: string
  readonly instance: string
  /** Another process is the engine of this home. */
  readonly attached: boolean
  call<K extends 'status' | 'login_link'>(name: K, input: Record<string, never>): Promise<CallResult<K>>
  /** Settles when it has closed, whoever closed it. */
  readonly closed: Promise<void>
  /** What could not be ended. */
  close(): Promise<readonly { readonly id: string; readonly error: string }[]>
}

export interface StartOptions {
  readonly homeDir: string
  readonly configFile?: string | undefined
  readonly env: NodeJS.ProcessEnv
  readonly log: Log
}

/** The heavy rooms, loaded only by the command that enters them: all others start fast. */
export interface Parts {
  engine(): Promise<{ startEngine(options: StartOptions): Promise<ServedEngine> }>
  /** The library's entry: attaches to the home's engine, or is it. */
  provider(): Promise<{ openProvider(home: string, options: Omit<StartOptions, 'homeDir'>): Promise<OpenedCalls> }>
  mcp(): Promise<{ serveMcp(options: StdioOptions): Promise<void> }>
  doctor(): Promise<{ runDoctor(options: Omit<StartOptions, 'log'>): Promise<CallResult<'doctor'>> }>
}

import type { Endpoint } from '../../shared/wire/endpoint.ts'
import type { CallInput, CallName, CallResult } from '../../shared/contract.ts'
import type { Backend } from '../backends/backend.ts'
import type { CallOptions } from '../doors/client/client.ts'
import type { Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import type { ClaimSteps } from '../core/slot-claim.ts'
import type { NotEnded } from '../core/slots-api.ts'

export interface EngineOptions {
  readonly homeDir: string
  readonly configFile?: string | undefined
  readonly env: NodeJS.ProcessEnv
  readonly log: Log
  readonly clock?: Clock | undefined
  /** Wraps the backend that was chosen, for whoever wants to see or hold up its calls. */
  readonly decorate?: ((backend: Backend) => Backend) | undefined
  /** The same for the steps by which a slot becomes a thread's sandbox. */
  readonly aroundClaim?: ((steps: ClaimSteps) => ClaimSteps) | undefined
}

export interface CloseOptions {
  /** Sandboxes that somebody still holds stay: other processes go on with them. Otherwise `on_exit` decides. */
  readonly sparing?: boolean | undefined
  /** What a person said about all of them, whatever `on_exit` says. Embedded ones end in any case. */
  readonly sandboxes?: 'keep' | 'destroy' | undefined
}

/** A home's engine: in this process, or, where one is there already, attached to it. */
export interface Engine {
  readonly url: string
  readonly port: number
  /** Real path of the home. */
  readonly home: string
  readonly instance: string
  readonly attached: boolean
  call<K extends CallName>(name: K, input: CallInput<K>, options?: CallOptions<K>): Promise<CallResult<K>>
  /** The engine for a shell: calls and topics, `who` in the event log. Its caller closes it. */
  endpoint(who: string): Promise<Endpoint>
  /** Resolves once it is closed, by whomever. Of an attached one: once this side is closed. */
  readonly closed: Promise<void>
  /** An attached one leaves the engine running. Says what could not be ended. Idempotent. */
  close(options?: CloseOptions): Promise<readonly NotEnded[]>
}

import { fail } from '../../shared/errors.ts'
import type { ExecResult } from './sandbox-api.ts'

/** How a command ended. One that was ended from outside has no exit code of its own. */
export function verdict(status: string, exitCode: number | null): Pick<ExecResult, 'status' | 'exitCode'> {
  if (status === 'completed') return { status, exitCode }
  if (status === 'timed_out' || status === 'killed') return { status, exitCode: null }
  throw fail('SANDBOX_FAILED', `The sandbox ended a command with the status "${status}", which Berth does not know`, {
    next: 'Check that the image is an AIO or lite sandbox image.',
  })
}

import { machineParts } from '../../scripts/suites/machine.ts'
import { compileOnce } from './compile-once.ts'
import { partsVariable } from './parts.ts'

/** vitest's global set-up: what this machine has, once for all files; the workers inherit the environment. */
export async function setup(): Promise<void> {
  compileOnce()
  process.env[partsVariable] ??= JSON.stringify(await machineParts())
}

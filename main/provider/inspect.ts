import type { Found } from '../backends/backend.ts'
import type { Core } from './core.ts'

/**
 * The container that the engine has under a sandbox's name. One that was claimed may still be on its way to that name, or
 * have got there without an answer: then the engine has it under its slot's.
 */
export async function inspectSandbox(core: Core, sandbox: Found): Promise<Found | null> {
  // Its failure is dealt with where it is tried again.
  await core.naming.get(sandbox.ref)?.catch(() => undefined)
  const found = await core.deps.backend.inspect(sandbox.name)
  if (found?.ref === sandbox.ref || sandbox.slot === undefined) return found
  const before = await core.deps.backend.inspect(slotName(core, sandbox.slot))
  return before?.ref === sandbox.ref ? before : found
}

/** What a slot's container is called until it is claimed. */
export const slotName = (core: Core, slot: string): string => `${core.deps.config().container_prefix}-slot-${slot}`

import type { Found } from './backends/backend.ts'
import type { Capabilities } from './bridge/sandbox-port/capabilities.ts'
import { sandboxKey } from './home/derive.ts'

/** Every secret that follows from the home's own, for whoever must find them in a text: of the sandboxes that are there, and itself. */
export async function derivedSecrets(deps: { secret: string; capabilities: Capabilities; list: () => Promise<readonly Found[]> }): Promise<readonly string[]> {
  // Without an engine there is nothing that could have said one of them.
  const found = await deps.list().catch(() => [])
  return [
    deps.secret,
    ...found.flatMap(({ id, nonce }) => [
      ...(nonce === null ? [] : [sandboxKey(deps.secret, nonce)]),
      ...(id === null ? [] : [deps.capabilities.of('path', id), deps.capabilities.of('browser', id)]),
    ]),
  ]
}

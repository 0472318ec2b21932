import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { errno, writeAtomic } from '../../base/write-atomic.ts'

/** `bridge.json`: where a home's engine answers. Not a proof that it does; `whoAnswers` asks. */
export const bridgeFile = z.object({
  url: z.string(),
  /** Null after an orderly close: the port is kept, nobody is there. */
  pid: z.number().int().nullable(),
  port: z.number().int(),
  /** Kept like `port`; absent in the file of an older version. */
  sandbox_port: z.number().int().optional(),
  token_file: z.string(),
  instance: z.string(),
  version: z.string(),
  started_at: z.string(),
})
export type BridgeFile = z.infer<typeof bridgeFile>

/** `value` is null where there is none, and where it does not hold what it should: then `problem` says so. */
export async function readBridgeFile(path: string): Promise<{ value: BridgeFile | null; problem: string | null }> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (thrown) {
    const absent = ['ENOENT', 'ENOTDIR'].includes(errno(thrown))
    return { value: null, problem: absent ? null : `${path} cannot be read: ${String(thrown)}` }
  }
  try {
    return { value: bridgeFile.parse(JSON.parse(text)), problem: null }
  } catch {
    // Any engine's next start writes it anew; all that is lost with it is the kept port.
    return { value: null, problem: `${path} does not say where an engine is` }
  }
}

/** Says where the engine is, 0600. */
export async function writeBridgeFile(path: string, content: BridgeFile): Promise<void> {
  await writeAtomic(path, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600, evenIfFull: true })
}

/** At an orderly close: the same address, with nobody there. Leaves alone what another engine has written meanwhile. */
export async function clearBridgeFile(path: string, instance: string): Promise<void> {
  const { value } = await readBridgeFile(path)
  if (value?.instance === instance) await writeBridgeFile(path, { ...value, pid: null })
}

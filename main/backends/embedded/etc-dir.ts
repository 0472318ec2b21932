import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { etcFiles } from './bwrap-args.ts'

/** Writes the made files of `/etc`, which every sandbox of one backend shares read-only. */
export async function writeEtc(dir: string, userNamespace: boolean): Promise<void> {
  await mkdir(dir, { recursive: true })
  for (const [name, text] of Object.entries(etcFiles(userNamespace))) await writeFile(join(dir, name), text, { mode: 0o644 })
}

import path from 'node:path'
import type { Finding } from './tree.ts'

const kebab = /^[a-z0-9]+(-[a-z0-9]+)*$/
const code = new Set(['.ts', '.tsx', '.mts', '.mjs', '.js', '.css'])

/** Kebab-case for files and directories of code, and no index files: a file is named for what is in it. */
export function checkNames(files: readonly string[]): Finding[] {
  return files
    .filter((file) => code.has(path.extname(file)))
    .flatMap((file) => {
      const parts = file.split('/')
      const name = (parts.pop() ?? '').replace(/(\.(test|spec|config|d|logic|words))?\.\w+$/, '')
      const found: Finding[] = []
      if (name === 'index') found.push({ file, problem: 'is an index file: name it for what is in it' })
      for (const part of [...parts.filter((one) => !one.startsWith('.')), name]) {
        if (!kebab.test(part)) found.push({ file, problem: `'${part}' is not kebab-case` })
      }
      return found
    })
}

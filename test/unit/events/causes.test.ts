import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { filesOf } from '../../../scripts/checks/tree.ts'
import { endCauses } from '../../../shared/events.ts'
import { config } from '../../../shared/config.ts'

const root = join(import.meta.dirname, '../../..')
const engine = filesOf(root)
  .filter((file) => /^(main|app)\/.*\.ts$/.test(file))
  .map((file) => readFileSync(join(root, file), 'utf8'))
  .join('\n')

describe('what the contract names', () => {
  it.each(Object.keys(endCauses))('the cause %s is given by somebody', (cause) => {
    expect(engine).toMatch(new RegExp(`cause: (?:[^,\n]*\\? )?(?:[^,\n]*: )?'${cause}'|'${cause}'[^\n]*: ToldCause`))
  })
  it.each(Object.keys(config.shape))('the setting %s is read by somebody', (key) => {
    const elsewhere = engine.replaceAll(new RegExp(`^  ${key}: (?:true|false),$`, 'gm'), '')
    expect(elsewhere).toMatch(new RegExp(`['.?]${key}\\b|\\b${key}[,: }]`))
  })
})

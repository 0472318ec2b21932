import { readFileSync } from 'node:fs'
import path from 'node:path'
import { parseSync } from 'vite'

export interface Module {
  readonly text: string
  /** Whatever it names: types, what it hands on, and what it loads later. */
  readonly imports: readonly string[]
  /** Of those, what is there when it runs: no types. */
  readonly values: readonly string[]
  /** Of those, what is loaded together with it. */
  readonly loaded: readonly string[]
  /** Its syntax tree. */
  readonly program: unknown
}

export function readModule(root: string, file: string): Module {
  const text = readFileSync(path.join(root, file), 'utf8')
  const { module, program } = parseSync(file, text)
  const handedOn = module.staticExports.flatMap(({ entries }) =>
    entries.flatMap(({ moduleRequest, isType }) => (moduleRequest ? [{ name: moduleRequest.value, isType }] : [])),
  )
  // A computed one has no name to check.
  const later = module.dynamicImports.flatMap((one) => {
    const literal = /^(['"`])([^$]*)\1$/.exec(text.slice(one.moduleRequest.start, one.moduleRequest.end))
    return literal?.[2] === undefined ? [] : [literal[2]]
  })
  const imports = [...module.staticImports.map((one) => one.moduleRequest.value), ...handedOn.map(({ name }) => name), ...later]
  const loaded = [
    ...module.staticImports.filter(({ entries }) => entries.length === 0 || entries.some(({ isType }) => !isType)).map((one) => one.moduleRequest.value),
    ...handedOn.filter(({ isType }) => !isType).map(({ name }) => name),
  ]
  return { text, imports, values: [...loaded, ...later], loaded, program }
}

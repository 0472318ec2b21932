import { createInterface } from 'node:readline'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { startEngine } from '../../main/engine/engine.ts'
import type { CallName } from '../../shared/contract.ts'
import { toErrorData } from '../../shared/errors.ts'
import { killAt } from './kill-at.ts'

/**
 * An engine in a process of its own, to be killed: `node engine-process.ts HOME`. Takes one JSON a line: `{call, input}` runs
 * a call, `{arm: N}` has the process kill itself at the Nth step border of claims from now on, `{steps: true}` says how
 * many were passed since, `{heap: true}` collects garbage and says how many bytes are still in use. Answers one JSON a line, with the
 * order's number `n`.
 */
const [home] = process.argv.slice(2)
if (home === undefined) throw new Error('usage: engine-process.ts HOME')
const border = killAt()
const engine = await startEngine({ homeDir: home, env: process.env, log: () => undefined, aroundClaim: border.around })
const say = (it: unknown) => process.stdout.write(`${JSON.stringify(it)}\n`)
say({ ready: engine.instance, attached: engine.attached })

interface Order {
  readonly n: number
  readonly call?: CallName
  readonly input?: never
  readonly arm?: number
  readonly steps?: true
  readonly heap?: true
  readonly close?: true
}

createInterface({ input: process.stdin }).on('line', (line) => void obey(JSON.parse(line) as Order))

async function obey(order: Order): Promise<void> {
  const { n } = order
  try {
    if (order.arm !== undefined) return void say({ n, result: border.arm(order.arm) })
    if (order.steps) return void say({ n, result: border.passed() })
    if (order.heap) return void say({ n, result: inUse() })
    if (order.close) {
      const left = JSON.stringify({ n, result: await engine.close() })
      process.stdout.write(`${left}\n`, () => process.exit(0))
      return
    }
    if (order.call) say({ n, result: await engine.call(order.call, order.input as never) })
  } catch (error) {
    say({ n, error: toErrorData(error) })
  }
}

function inUse(): number {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  collect()
  collect()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

import { openProvider } from '../../main/open.ts'
import { toErrorData } from '../../shared/errors.ts'

/**
 * One of many processes after one home: `node provider-process.ts HOME THREAD`. Acquires, says what it got on one line of
 * JSON, and then takes orders by lines on its standard input: `acquire`, `exec COMMAND`, `close`.
 */
const [home, thread] = process.argv.slice(2)
if (home === undefined || thread === undefined) throw new Error('usage: provider-process.ts HOME THREAD')
const berth = await openProvider(home)
const say = (it: unknown) => process.stdout.write(`${JSON.stringify(it)}\n`)

async function acquire(): Promise<void> {
  const { id, container, holder, was_replaced } = await berth.acquire({ thread: thread ?? '' })
  say({ pid: process.pid, role: berth.role(), id, container, holder, was_replaced })
}

async function obey(order: string): Promise<void> {
  const [verb, ...rest] = order.split(' ')
  try {
    if (verb === 'acquire') await acquire()
    else if (verb === 'exec') say(await berth.call('exec', { thread: thread ?? '', command: rest.join(' ') }))
    else if (verb === 'close') {
      await berth.close()
      process.exit(0)
    }
  } catch (error) {
    const { code, next } = toErrorData(error)
    say({ error: code, next })
  }
}

await obey('acquire')
let queue = Promise.resolve()
let rest = ''
process.stdin.on('data', (data) => {
  const lines = (rest + String(data)).split('\n')
  rest = lines.pop() ?? ''
  for (const line of lines) queue = queue.then(() => obey(line))
})

import { mkdir, realpath, writeFile } from 'node:fs/promises'
import { readBridgeFile, writeBridgeFile } from '../../main/doors/client/bridge-file.ts'
import { whoAnswers } from '../../main/doors/client/who-answers.ts'
import { processIo } from '../../main/cli/io.ts'
import type { ServedEngine } from '../../main/cli/cli.ts'
import { runCommandLine } from '../../main/cli/run-cli.ts'
import { calls } from '../../shared/contract.ts'
import { homePaths } from '../../main/house/home/paths.ts'
import type { Log } from '../../main/base/log.ts'
import { version } from '../../main/base/version.ts'
import { openTestBridge, testToken } from './bridge.ts'

/** The command with a small engine behind `serve`: a real bridge, a provider in memory. Closing takes BERTH_TEST_CLOSE ms. */
const code = await runCommandLine(process.argv.slice(2), processIo(), {
  engine: async () => ({ startEngine: ({ homeDir, log }) => start(homeDir, log) }),
  provider: cannotBeAsked,
  mcp: () => import('../../main/doors/mcp/serve-stdio.ts'),
  doctor: async () => ({
    runDoctor: async () => ({ ok: false, checks: [{ name: 'engine', status: 'fail', text: 'none answers', fix: 'apt-get install docker.io' }] }),
  }),
})
process.exit(code)

async function start(home: string, log: Log): Promise<ServedEngine> {
  const paths = homePaths(home)
  await mkdir(home, { recursive: true })
  const { value } = await readBridgeFile(paths.bridge)
  const there = value?.pid ? await whoAnswers(value.url, { token: testToken, home: await realpath(home) }) : null
  if (value && there?.who === 'ours') {
    return {
      url: value.url,
      port: value.port,
      home,
      instance: value.instance,
      attached: true,
      call: cannotBeAsked,
      closed: Promise.resolve(),
      close: async () => [],
    }
  }
  await writeFile(paths.token, testToken)
  const house = await openTestBridge({ log, home: await realpath(home) })
  const { url, port } = house.bridge
  const started_at = new Date().toISOString()
  await writeBridgeFile(paths.bridge, { url, port, pid: process.pid, token_file: paths.token, instance: 'instance-1', version, started_at })
  let closing: ReturnType<ServedEngine['close']> | null = null
  const close: ServedEngine['close'] = async () => {
    await new Promise((resolve) => setTimeout(resolve, Number(process.env['BERTH_TEST_CLOSE'] ?? 0)))
    await house.close()
    return JSON.parse(process.env['BERTH_TEST_LEFT'] ?? '[]') as []
  }
  return {
    url,
    port,
    home,
    instance: 'instance-1',
    attached: false,
    call: async (name) => {
      const answer = await fetch(`${url}/berth/v1/${name}`, {
        method: 'POST',
        headers: { 'x-api-key': testToken, 'content-type': 'application/json' },
        body: '{}',
      })
      return calls[name].result.parse(await answer.json()) as never
    },
    closed: new Promise((resolve) => {
      const watching = setInterval(() => {
        if (house.stopped.length === 0) return
        clearInterval(watching)
        resolve()
      }, 20)
    }),
    close: () => (closing ??= close()),
  }
}

async function cannotBeAsked(): Promise<never> {
  throw new Error('an attached engine is not asked')
}

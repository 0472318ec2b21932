// npm run e2e:electron: the same specs in the Electron that the app is made for, where it can be had. Offers a spec what the harness
// of older Electrons offers it, as far as ours use it.
import { spawn } from 'node:child_process'
import fs from 'node:fs'
import { createRequire } from 'node:module'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'

const specs = path.join(import.meta.dirname, '..')
const project = process.env.BERTH_E2E_APP ?? path.join(specs, '..', '..', '..')
const require = createRequire(process.env.BERTH_E2E_DRIVER ?? import.meta.url)
const executablePath = process.env.BERTH_E2E_ELECTRON ?? installed()
if (!executablePath) {
  console.log('Electron is not installed here: npx install-electron\n0 passed, 0 failed, 1 skipped')
  process.exit(0)
}
const { _electron } = require('playwright')
const { expect } = require('playwright/test')
const counts = { passed: 0, failed: 0 }
const names = process.argv.slice(2)
for (const name of fs.readdirSync(specs).filter((one) => one.endsWith('.spec.mjs') && (names.length === 0 || names.some((it) => one.startsWith(it)))))
  await runSpec(name)
console.log(`${counts.passed} passed, ${counts.failed} failed`)
process.exit(counts.failed > 0 || counts.passed === 0 ? 1 : 0)

function installed() {
  const electron = path.join(project, 'node_modules', 'electron')
  const named = path.join(electron, 'path.txt')
  const file = fs.existsSync(named) ? path.join(electron, 'dist', fs.readFileSync(named, 'utf8')) : null
  return file && fs.existsSync(file) ? file : null
}

async function runSpec(name) {
  console.log(`electron: ${name}`)
  const spec = await import(pathToFileURL(path.join(specs, name)).href)
  const home = fs.mkdtempSync(path.join(os.tmpdir(), 'berth-e2e-'))
  const record = path.join(home, 'record.jsonl')
  fs.writeFileSync(record, '')
  const env = {}
  const allowed = []
  let app = null
  let ended = null
  let seen = 0
  const records = (kind) =>
    fs
      .readFileSync(record, 'utf8')
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line))
      .filter((one) => one.kind === kind)
  const problems = () =>
    records('problem')
      .slice(seen)
      .filter(({ text }) => {
        seen += 1
        return !allowed.some((pattern) => pattern.test(text))
      })
      .map(({ text }) => text)
  const environment = () => ({ ...process.env, HOME: home, ...env, BERTH_E2E_RECORD: record })
  // Root can start Chromium only without its sandbox.
  const args = [...(process.getuid?.() === 0 ? ['--no-sandbox'] : []), '-r', path.join(import.meta.dirname, 'desk.cjs'), project]

  async function launch() {
    app = await _electron.launch({ executablePath, args, env: environment(), colorScheme: null, timeout: 30_000 })
    app.context().setDefaultTimeout(30_000)
    const child = app.process()
    ended = new Promise((resolve) => {
      child.once('exit', (code, signal) => resolve({ code, signal }))
    })
    const listen = (page) =>
      page.on('console', (message) => {
        if (message.type() === 'error') fs.appendFileSync(record, `${JSON.stringify({ kind: 'problem', text: message.text() })}\n`)
      })
    app.windows().forEach(listen)
    app.on('window', listen)
    await app.firstWindow({ timeout: 15_000 })
    return { app, page: app.windows()[0] }
  }
  const within = async (ms, promise) => {
    const end = await Promise.race([promise, sleep(ms, null, { ref: false })])
    if (end === null) throw new Error(`the app still runs after ${ms} ms`)
    return end
  }
  const desk = (method, value) => app.evaluate((_electron, [what, given]) => globalThis.berthDesk[what](given), [method, value])
  const quit = async () => {
    await Promise.race([app.evaluate((electron) => electron.app.quit()).catch(() => undefined), ended])
    return await within(10_000, ended)
  }
  const menu = (source) => ({ items: () => desk('items', source), click: (...labels) => desk('click', { source, labels }) })
  async function check(title, run) {
    const began = Date.now()
    const failures = []
    try {
      await Promise.race([
        run(),
        sleep(60_000, null, { ref: false }).then(() => {
          throw new Error('timed out')
        }),
      ])
    } catch (error) {
      failures.push(error.stack ?? String(error))
    }
    failures.push(...problems())
    counts[failures.length > 0 ? 'failed' : 'passed'] += 1
    console.log([`${failures.length > 0 ? 'FAIL' : 'ok  '} ${title} (${Date.now() - began} ms)`, ...failures].join('\n     '))
  }

  const dialogs = { answer: (answer) => desk('answer', answer), shown: () => records('dialog') }
  const allow = (pattern) => allowed.push(pattern)
  const tearDown = await spec.setup?.({ home, project, env, args: [], dialogs, allow })
  try {
    await launch()
    await spec.default({
      check,
      expect,
      dialogs,
      allow,
      home,
      project,
      quit,
      get app() {
        return app
      },
      get page() {
        return app.windows()[0]
      },
      windows: () => app.windows(),
      shot: async (title) => void (await app.windows()[0].screenshot({ path: path.join(home, `${title}.png`) })),
      tray: { ...menu('tray'), all: () => desk('trays'), press: () => desk('press') },
      menu: menu('menu'),
      notifications: { shown: () => records('notification'), click: (title) => desk('clickNotice', title) },
      opened: () => records('opened'),
      waitForExit: () => within(10_000, ended),
      relaunch: async () => {
        await quit()
        return await launch()
      },
      secondInstance: () => {
        const child = spawn(executablePath, args, { env: environment(), stdio: 'ignore' })
        return within(
          10_000,
          new Promise((resolve) => {
            child.once('exit', (code, signal) => resolve({ code, signal }))
          }),
        )
      },
    })
  } catch (error) {
    counts.failed += 1
    console.log(`FAIL the spec runs to its end\n     ${error.stack}`)
  }
  if (app) await quit().catch(() => app.process().kill('SIGKILL'))
  await tearDown?.()
  fs.rmSync(home, { recursive: true, force: true, maxRetries: 5 })
}

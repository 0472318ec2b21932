// npm run build: out/ from main/, app/, renderer/ and shared/. Runs on Node 24.
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { promisify, stripVTControlCharacters } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'
import react from '@vitejs/plugin-react'
import { build } from 'vite'
import { contractId } from '../main/calls/rpc/contract-hash.ts'
import { version } from '../main/base/version.ts'
import { sourceDigest, stampFile } from './lib/ready.mjs'
import { inRoot, root } from './lib/root.mjs'

const quiet = process.argv.includes('--quiet')
// Before the build, so that a source changed meanwhile makes the result outdated.
const digest = sourceDigest()
const started = performance.now()
rmSync(stampFile, { force: true })

try {
  // The lite server is copied into an image and bound into bubblewrap: one file that needs nothing beside it.
  // Each idle sandbox keeps its text: without spaces and comments, names as they are for whoever reads a stack.
  await bundle(
    'out',
    { 'sandbox-server': 'main/sandbox-server/entry.ts' },
    { codeSplitting: false, minify: { compress: false, mangle: false, codegen: { removeWhitespace: true } } },
  )
  ascii(inRoot('out', 'sandbox-server.mjs'))
  copyLite()
  await bundle('out/main', { cli: 'main/cli.ts', open: 'main/open.ts' })
  await page()
  await shell()
} catch (error) {
  // Where in the bundler it was thrown helps nobody.
  const text = error instanceof Error ? error.message : String(error)
  console.error(process.stderr.isTTY ? text : stripVTControlCharacters(text))
  process.exit(1)
}
writeFileSync(stampFile, digest)
if (!quiet) console.log(`out/ built in ${((performance.now() - started) / 1000).toFixed(1)} s`)

/** One character beyond Latin-1, and V8 keeps the whole text at two bytes a character. @param {string} file */
function ascii(file) {
  const [found] = /[\u0080-\uffff]/.exec(readFileSync(file, 'utf8')) ?? []
  if (found !== undefined) throw new Error(`the sandboxes' server has '${found}' in a text: with plain characters it takes half the memory`)
}

/** The shell: its main process with everything but Electron and the engine's chunks in one file, and the preload as the one CommonJS file that a sandboxed one must be. */
async function shell() {
  await bundle('out/app', { main: 'app/main.ts' })
  await bundle('out/preload', { preload: 'app/electron/preload.ts' }, { format: 'cjs', entryFileNames: '[name].cjs', codeSplitting: false, banner: '' })
  cpSync(inRoot('build', 'tray'), inRoot('out', 'icons'), { recursive: true })
  // For the `berth serve` of a package, which has its files outside the archive: electron-builder.yml.
  rmSync(inRoot('out', 'screens'), { recursive: true, force: true })
  cpSync(inRoot('out', 'renderer'), inRoot('out', 'screens'), { recursive: true })
  cpSync(inRoot('build', 'icons', '256x256.png'), inRoot('out', 'icons', 'berth.png'))
}

/** The screens: the same files in Electron and, from `berth serve`, in a browser. Addresses in it are relative: the shell serves it under a scheme of its own. */
async function page() {
  if (!existsSync(inRoot('renderer', 'index.html'))) return
  await build({
    root: inRoot('renderer'),
    configFile: false,
    base: './',
    logLevel: quiet ? 'error' : 'warn',
    plugins: [react()],
    // The page says it to the engine, which compares: a browser cannot afford to work it out.
    define: { __BERTH_CONTRACT__: JSON.stringify(contractId()), __BERTH_VERSION__: JSON.stringify(version) },
    build: {
      outDir: inRoot('out', 'renderer'),
      emptyOutDir: true,
      target: 'chrome140',
      sourcemap: false,
      assetsInlineLimit: 0,
      chunkSizeWarningLimit: 1500,
      modulePreload: { polyfill: false },
    },
  })
  await pack(inRoot('out', 'renderer'))
}

/**
 * Beside each text of the page its compressed forms, for the bridge, which has no time to make them. Brotli at 9: at 11 it is
 * 7 % smaller and takes 15 times as long.
 * @param {string} directory
 */
async function pack(directory) {
  const texts = readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter((name) => /\.(?:js|css|html|svg)$/.test(name))
  await Promise.all(
    texts.map(async (name) => {
      const file = path.join(directory, name)
      const bytes = readFileSync(file)
      const params = { [constants.BROTLI_PARAM_QUALITY]: 9, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.byteLength }
      writeFileSync(`${file}.br`, await promisify(brotliCompress)(bytes, { params }))
      writeFileSync(`${file}.gz`, await promisify(gzip)(bytes, { level: 9 }))
    }),
  )
}

/**
 * Packages go into the bundle: a packaged app has no node_modules, and one file loads faster than a hundred.
 * @param {string} outDir
 * @param {Record<string, string>} entries
 * @param {import('vite').Rolldown.OutputOptions} [output]
 */
async function bundle(outDir, entries, output = {}) {
  const input = Object.fromEntries(Object.entries(entries).filter(([, file]) => existsSync(inRoot(file))))
  if (Object.keys(input).length === 0) return
  await build({
    root,
    configFile: false,
    publicDir: false,
    logLevel: quiet ? 'error' : 'warn',
    ssr: { noExternal: true, target: 'node' },
    build: {
      ssr: true,
      target: 'node24',
      outDir: inRoot(outDir),
      emptyOutDir: outDir !== 'out',
      minify: false,
      sourcemap: false,
      rolldownOptions: {
        input,
        // Native parts that ssh2 (Docker over ssh) tries and does without.
        external: ['electron', 'cpu-features', /\.node$/],
        output: {
          format: 'es',
          entryFileNames: '[name].mjs',
          // Beside the entries: resources.ts finds the rest of out/ from its own directory.
          chunkFileNames: '[name]-[hash].mjs',
          banner: commonJs,
          ...output,
        },
      },
    },
  })
}

/** What bundled CommonJS packages expect to find and an ES module lacks. */
function commonJs() {
  return [
    "import { createRequire as berthCreateRequire } from 'node:module'",
    'const require = berthCreateRequire(import.meta.url), __filename = import.meta.filename, __dirname = import.meta.dirname',
  ].join('\n')
}

function copyLite() {
  const from = inRoot('main', 'backends', 'docker', 'lite')
  const to = inRoot('out', 'lite')
  rmSync(to, { recursive: true, force: true })
  mkdirSync(to, { recursive: true })
  // What is code there is in the bundle already.
  if (existsSync(from)) cpSync(from, to, { recursive: true, filter: (file) => path.extname(file) !== '.ts' })
}

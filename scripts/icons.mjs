// node scripts/run.mjs scripts/icons.mjs: PNG, ICO and ICNS out of build/*.svg, drawn by Chromium. The results are committed, so
// that a build needs no browser; run it again when a drawing changes.
import { readFileSync, writeFileSync } from 'node:fs'
import { chromium } from 'playwright'
import { inRoot } from './lib/root.mjs'
import { browserPath } from './suites/machine.ts'

const executablePath = browserPath()
if (executablePath === null) throw new Error('no chromium on the PATH')
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] })
const page = await browser.newPage()

const icon = read('icon.svg')
/** @type {Map<number, Buffer>} */
const drawn = new Map()
for (const size of [16, 24, 32, 48, 64, 128, 256, 512]) {
  const png = await draw(icon, size)
  drawn.set(size, png)
  if (size !== 24 && size !== 64) writeFileSync(inRoot('build', 'icons', `${size}x${size}.png`), png)
}
writeFileSync(inRoot('build', 'icon.ico'), ico([16, 24, 32, 48, 64, 256]))
const mac = read('icon-mac.svg')
writeFileSync(inRoot('build', 'icon.icns'), await icns(mac))

const tray = read('tray.svg')
for (const state of ['empty', 'warm', 'active', 'attention']) {
  const group = new RegExp(`<g id="${state}">(.*?)</g>`, 's').exec(tray)?.[1]
  if (group === undefined) throw new Error(`tray.svg has no ${state}`)
  const alone = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 18 18">${group}</svg>`
  // A Mac tints it. Elsewhere the panel may be light or dark: one colour that is seen on both.
  const tinted = alone
    .replaceAll('#000', state === 'attention' ? '#e08a1e' : '#2a9fc4')
    .replace('viewBox', `fill="${state === 'attention' ? '#e08a1e' : '#2a9fc4'}" viewBox`)
  for (const [suffix, factor] of /** @type {const} */ ([
    ['', 1],
    ['@2x', 2],
  ])) {
    writeFileSync(inRoot('build', 'tray', `tray-${state}Template${suffix}.png`), await draw(alone, 18 * factor))
    writeFileSync(inRoot('build', 'tray', `tray-${state}${suffix}.png`), await draw(tinted, 24 * factor))
  }
}
await browser.close()

/** @param {string} file */
function read(file) {
  return readFileSync(inRoot('build', file), 'utf8')
}

/** @param {string} svg @param {number} size */
async function draw(svg, size) {
  await page.setViewportSize({ width: size, height: size })
  await page.setContent(`<style>body{margin:0}svg{display:block;width:${size}px;height:${size}px}</style>${svg}`)
  return await page.screenshot({ omitBackground: true })
}

/** Windows' container: a directory of sizes, then the PNGs. @param {number[]} sizes */
function ico(sizes) {
  const head = Buffer.alloc(6 + 16 * sizes.length)
  head.writeUInt16LE(1, 2)
  head.writeUInt16LE(sizes.length, 4)
  let at = head.byteLength
  const parts = sizes.map((size, index) => {
    const png = drawn.get(size)
    if (!png) throw new Error(`${size} was not drawn`)
    const row = 6 + 16 * index
    // 0 stands for 256.
    head.writeUInt8(size % 256, row)
    head.writeUInt8(size % 256, row + 1)
    head.writeUInt16LE(1, row + 4)
    head.writeUInt16LE(32, row + 6)
    head.writeUInt32LE(png.byteLength, row + 8)
    head.writeUInt32LE(at, row + 12)
    at += png.byteLength
    return png
  })
  return Buffer.concat([head, ...parts])
}

/** Apple's container: chunks of a type, a length and a PNG. @param {string} svg */
async function icns(svg) {
  const chunks = []
  for (const [type, size] of /** @type {const} */ ([
    ['ic11', 32],
    ['ic12', 64],
    ['ic07', 128],
    ['ic13', 256],
    ['ic08', 256],
    ['ic14', 512],
    ['ic09', 512],
    ['ic10', 1024],
  ])) {
    const png = await draw(svg, size)
    const head = Buffer.alloc(8)
    head.write(type, 'latin1')
    head.writeUInt32BE(png.byteLength + 8, 4)
    chunks.push(head, png)
  }
  const body = Buffer.concat(chunks)
  const head = Buffer.alloc(8)
  head.write('icns', 'latin1')
  head.writeUInt32BE(body.byteLength + 8, 4)
  return Buffer.concat([head, body])
}

// Loaded into Electron before the app (`-r`): the desktop around it is kept to itself and answers from a queue, so that a spec can
// be the person. Methods are replaced and not exports, which cannot be.
const { app, dialog, Notification, shell, Tray } = require('electron')
const fs = require('node:fs')

const record = (kind, facts) => fs.appendFileSync(process.env.BERTH_E2E_RECORD, `${JSON.stringify({ kind, ...facts })}\n`)
const answers = []
const trays = new Map()
const notices = []
const factsOf = (tray) => {
  if (!trays.has(tray)) trays.set(tray, { tooltip: '', menu: null })
  return trays.get(tray)
}

for (const [method, name] of [
  ['setToolTip', 'tooltip'],
  ['setContextMenu', 'menu'],
]) {
  const real = Tray.prototype[method]
  Tray.prototype[method] = function kept(value) {
    factsOf(this)[name] = value
    return real.call(this, value)
  }
}
const ask = (type, options) => {
  const text = [options.title, options.message, options.detail].filter(Boolean).join('\n')
  const index = answers.findIndex(({ match }) => text.includes(match ?? ''))
  const [answer] = index < 0 ? [] : answers.splice(index, 1)
  record(answer ? 'dialog' : 'problem', { type, text: answer ? text : `nobody answers the dialog: ${text}`, buttons: options.buttons })
  return answer ?? {}
}
const last = (args) => args.at(-1) ?? {}
dialog.showMessageBox = async (...args) => {
  const options = last(args)
  const { button } = ask('message', options)
  return { response: button === undefined ? (options.cancelId ?? 0) : options.buttons.indexOf(button), checkboxChecked: false }
}
dialog.showOpenDialog = async (...args) => {
  const { filePaths = [] } = ask('open', last(args))
  return { canceled: filePaths.length === 0, filePaths }
}
dialog.showSaveDialog = async (...args) => {
  const { filePath = '' } = ask('save', last(args))
  return { canceled: filePath === '', filePath }
}
dialog.showErrorBox = (title, detail) => void ask('error', { title, detail })
Notification.prototype.show = function show() {
  notices.push(this)
  record('notification', { title: this.title, body: this.body })
}
for (const [how, answer] of [
  ['openExternal', Promise.resolve()],
  ['openPath', Promise.resolve('')],
  ['showItemInFolder', undefined],
]) {
  shell[how] = (target) => {
    record('opened', { how, target })
    return answer
  }
}
app.setLoginItemSettings = (settings) => record('login-item', { settings })
for (const name of ['uncaughtException', 'unhandledRejection']) process.on(name, (error) => record('problem', { text: String(error?.stack ?? error) }))

const plain = (label) => label.replace(/&(.)/g, '$1')
const describe = (menu) =>
  menu?.items
    .filter(({ visible }) => visible)
    .map(({ label, type, enabled, checked, submenu }) => ({
      label: plain(label),
      type,
      enabled,
      checked,
      ...(submenu ? { submenu: describe(submenu) } : {}),
    })) ?? null
const alive = () => [...trays].filter(([tray]) => !tray.isDestroyed())
const menuOf = (source) => (source === 'menu' ? require('electron').Menu.getApplicationMenu() : alive()[0]?.[1].menu)

globalThis.berthDesk = {
  trays: () => alive().map(([, { tooltip, menu }]) => ({ tooltip, menu: describe(menu) })),
  items: (source) => describe(menuOf(source)),
  press: () => void alive()[0][0].emit('click', {}, {}, {}),
  click({ source, labels }) {
    let item = { submenu: menuOf(source) }
    for (const label of labels) item = item.submenu?.items.find((one) => one.visible && plain(one.label) === label) ?? {}
    if (!item.enabled) throw new Error(`no ${labels.join(' > ')} to click`)
    setImmediate(() => item.click({}, undefined, undefined))
  },
  answer: (answer) => void answers.push(answer),
  clickNotice: (title) => void notices.find((one) => one.title === title).emit('click', {}),
}

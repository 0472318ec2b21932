import { execFile } from 'node:child_process'
import {
  app,
  BrowserWindow,
  clipboard,
  dialog,
  ipcMain,
  type IpcMainEvent,
  type IpcMainInvokeEvent,
  Menu,
  type MenuItemConstructorOptions,
  MessageChannelMain,
  nativeImage,
  nativeTheme,
  Notification,
  powerMonitor,
  protocol,
  screen,
  session,
  shell,
  Tray,
} from 'electron'
import type {
  Desk,
  Dialogs,
  Guard,
  Item,
  Life,
  MainWindow,
  Menus,
  PagePort,
  Pipes,
  Sender,
  System,
  TrayIcon,
  Trays,
  WindowOptions,
  Windows,
} from '../system/system.ts'

/** The real system. */
export function electronSystem(): System {
  return {
    platform: process.platform,
    packaged: app.isPackaged,
    electron: process.versions.electron,
    life: electronLife(),
    windows: electronWindows(),
    menus: electronMenus(),
    trays: electronTrays(),
    dialogs: electronDialogs(),
    desk: electronDesk(),
    pipes: electronPipes(),
    guard: electronGuard(),
  }
}

function electronDesk(): Desk {
  // Shown ones are kept until they are gone: one that was collected no longer hears its click.
  const shown = new Set<Notification>()
  return {
    openLink: (url) => shell.openExternal(url),
    async openDirectory(path) {
      const problem = await shell.openPath(path)
      if (problem !== '') throw new Error(problem)
    },
    reveal: (path) => shell.showItemInFolder(path),
    async copy(text) {
      await clipboard.writeText(text)
    },
    about({ name, version, icon, text }) {
      app.setAboutPanelOptions({ applicationName: name, applicationVersion: version, version, copyright: text, ...(icon === null ? {} : { iconPath: icon }) })
      app.showAboutPanel()
    },
    notify({ title, body }, onClick) {
      if (!Notification.isSupported()) return
      const notice = new Notification({ title, body })
      shown.add(notice)
      notice.on('click', onClick)
      notice.on('close', () => shown.delete(notice))
      notice.show()
    },
    setTheme(theme) {
      nativeTheme.themeSource = theme
    },
    dark: () => nativeTheme.shouldUseDarkColors,
    onDark: (listener) => void nativeTheme.on('updated', listener),
    // Linux desktops read files in a directory instead: native/autostart.ts.
    login:
      process.platform === 'linux'
        ? null
        : {
            get: () => app.getLoginItemSettings().openAtLogin,
            set: (on) => app.setLoginItemSettings({ openAtLogin: on }),
          },
  }
}

function electronDialogs(): Dialogs {
  return {
    async ask({ kind, message, detail, buttons, yes, no }) {
      const { response } = await dialog.showMessageBox({
        type: kind,
        message,
        buttons: [...buttons],
        defaultId: yes,
        cancelId: no,
        noLink: true,
        ...(detail === undefined ? {} : { detail }),
      })
      return response
    },
    async saveFile({ title, name }) {
      const { canceled, filePath } = await dialog.showSaveDialog({ title, defaultPath: name })
      return canceled || !filePath ? null : filePath
    },
    error: (title, text) => dialog.showErrorBox(title, text),
  }
}

function electronLife(): Life {
  return {
    useData: (directory) => app.setPath('userData', directory),
    claim: () => app.requestSingleInstanceLock(),
    ready: () => app.whenReady(),
    onSecondInstance: (listener) => void app.on('second-instance', () => listener()),
    onActivate: (listener) => void app.on('activate', () => listener()),
    onQuit: (listener) => void app.on('before-quit', (event) => listener({ prevent: () => event.preventDefault() })),
    onWindowsClosed: (listener) => void app.on('window-all-closed', () => listener()),
    onSessionEnd(listener) {
      // On Windows the window hears it, see window.ts.
      for (const signal of ['SIGTERM', 'SIGHUP', 'SIGINT'] as const) process.on(signal, () => listener())
      void app.whenReady().then(() => {
        if (process.platform !== 'win32') powerMonitor.on('shutdown', () => listener())
      })
      app.on('browser-window-created', (_event, window) => void window.on('session-end', () => listener()))
    },
    onResume: (listener) => void app.whenReady().then(() => powerMonitor.on('resume', () => listener())),
    quit: () => app.quit(),
    exit: (code) => app.exit(code),
  }
}

function electronMenus(): Menus {
  return {
    setApplicationMenu: (items, act) => Menu.setApplicationMenu(Menu.buildFromTemplate(template(items, act))),
    popUp: (items) => Menu.buildFromTemplate(template(items, () => undefined)).popup(),
  }
}

function electronTrays(): Trays {
  return { works: trayWorks, open: openTray }
}

function openTray(file: string): TrayIcon {
  const tray = new Tray(image(file))
  let shown = file
  return {
    show({ icon, tooltip, items }, act) {
      if (icon !== shown) tray.setImage(image(icon))
      shown = icon
      tray.setToolTip(tooltip)
      tray.setContextMenu(Menu.buildFromTemplate(template(items, act)))
    },
    onPress: (listener) => void tray.on('click', listener),
    remove: () => tray.destroy(),
  }
}

function image(file: string) {
  const made = nativeImage.createFromPath(file)
  // The system tints it there; elsewhere it stays as drawn.
  if (process.platform === 'darwin') made.setTemplateImage(true)
  return made
}

function template<D>(items: readonly Item<D>[], act: (does: D) => void): MenuItemConstructorOptions[] {
  return items.map(({ label, role, separator, enabled, checked, keys, told, does, items: inner }) => ({
    ...(separator ? { type: 'separator' as const } : {}),
    ...(checked === undefined ? {} : { type: 'checkbox' as const, checked }),
    ...(label === undefined ? {} : { label }),
    ...(role === undefined ? {} : { role }),
    ...(enabled === undefined ? {} : { enabled }),
    ...(keys === undefined ? {} : { accelerator: keys }),
    ...(told === undefined ? {} : { registerAccelerator: false }),
    ...(does === undefined ? {} : { click: () => act(does) }),
    ...(inner === undefined ? {} : { submenu: template(inner, act) }),
  }))
}

/** Linux desktops show trays through a watcher on D-Bus, and not every desktop has one. */
function trayWorks(): Promise<boolean> {
  if (process.platform !== 'linux') return Promise.resolve(true)
  const asked = [
    '--session',
    '--print-reply',
    '--dest=org.freedesktop.DBus',
    '/org/freedesktop/DBus',
    'org.freedesktop.DBus.NameHasOwner',
    'string:org.kde.StatusNotifierWatcher',
  ]
  return new Promise((resolve) => {
    execFile('dbus-send', asked, { timeout: 2000 }, (error, stdout) => resolve(error === null && /boolean true/.test(stdout)))
  })
}

function electronPipes(): Pipes {
  return {
    handle: (channel, handler) => ipcMain.handle(channel, (event, ...args: unknown[]) => handler(senderOf(event), args)),
    on: (channel, listener) => void ipcMain.on(channel, (event, ...args: unknown[]) => listener(senderOf(event), args)),
  }
}

function senderOf({ sender, senderFrame }: IpcMainEvent | IpcMainInvokeEvent): Sender {
  return {
    mainFrame: senderFrame !== null && senderFrame === sender.mainFrame,
    origin: senderFrame?.origin ?? 'null',
    ours: BrowserWindow.fromWebContents(sender) !== null,
  }
}

function electronGuard(): Guard {
  return {
    registerScheme: (scheme) => protocol.registerSchemesAsPrivileged([{ scheme, privileges: { standard: true, secure: true, supportFetchAPI: true } }]),
    serve: (scheme, handler) =>
      protocol.handle(scheme, async ({ url, method }) => {
        const { status, headers, body } = await handler({ url, method })
        return new Response(body as Uint8Array<ArrayBuffer> | null, { status, headers })
      }),
    allowPermissions(names) {
      const { defaultSession } = session
      defaultSession.setPermissionRequestHandler((_contents, permission, answer) => answer(names.includes(permission)))
      defaultSession.setPermissionCheckHandler((_contents, permission) => names.includes(permission))
      defaultSession.setDevicePermissionHandler(() => false)
    },
    confine(origin, refused) {
      app.on('web-contents-created', (_event, contents) => {
        contents.on('will-attach-webview', (event) => event.preventDefault())
        contents.setWindowOpenHandler(({ url }) => {
          refused(url)
          return { action: 'deny' }
        })
        const stay = (details: { url: string; preventDefault(): void }) => {
          if (!details.url.startsWith(`${origin}/`)) details.preventDefault()
        }
        contents.on('will-navigate', stay)
        contents.on('will-redirect', stay)
        contents.on('will-frame-navigate', stay)
      })
    },
  }
}

function electronWindows(): Windows {
  return { open: openWindow, workAreas: () => screen.getAllDisplays().map((display) => display.workArea) }
}

function openWindow({ bounds, background, preload, icon }: WindowOptions): MainWindow {
  const window = new BrowserWindow({
    width: bounds.width,
    height: bounds.height,
    ...(bounds.x === undefined || bounds.y === undefined ? {} : { x: bounds.x, y: bounds.y }),
    minWidth: 720,
    minHeight: 480,
    show: false,
    title: 'Berth',
    backgroundColor: background,
    autoHideMenuBar: process.platform !== 'darwin',
    ...(icon === null ? {} : { icon }),
    webPreferences: {
      preload,
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      nodeIntegrationInWorker: false,
      nodeIntegrationInSubFrames: false,
      webSecurity: true,
      allowRunningInsecureContent: false,
      webviewTag: false,
      navigateOnDragDrop: false,
      safeDialogs: true,
      spellcheck: false,
    },
  })
  const { webContents } = window
  return {
    bounds: () => window.getNormalBounds(),
    maximised: () => window.isMaximized(),
    visible: () => window.isVisible(),
    fullScreen: () => window.isFullScreen(),
    destroyed: () => window.isDestroyed(),
    show() {
      if (window.isMinimized()) window.restore()
      window.show()
      window.focus()
    },
    hide: () => window.hide(),
    close: () => window.close(),
    maximise: () => window.maximize(),
    leaveFullScreen: () => window.setFullScreen(false),
    // A load that fails is told by the page that is then not there.
    load: (url) => void window.loadURL(url).catch((error: unknown) => console.error(`the page could not be loaded: ${String(error)}`)),
    reload: () => webContents.reload(),
    send: (channel, value) => webContents.send(channel, value),
    openPort: (channel) => openPort(window, channel),
    onReady: (listener) => void window.once('ready-to-show', listener),
    onClose: (listener) => void window.on('close', (event) => listener({ prevent: () => event.preventDefault() })),
    onClosed: (listener) => void window.on('closed', listener),
    onChanged(listener) {
      window.on('resize', listener)
      window.on('move', listener)
      window.on('maximize', listener)
      window.on('unmaximize', listener)
    },
    onContextMenu: (listener) =>
      void webContents.on('context-menu', (_event, { isEditable, formControlType, editFlags, selectionText }) =>
        listener({
          editable: isEditable,
          area: formControlType === 'text-area',
          can: { cut: editFlags.canCut, copy: editFlags.canCopy && selectionText !== '', paste: editFlags.canPaste, selectAll: editFlags.canSelectAll },
        }),
      ),
    onCrash: (listener) =>
      void webContents.on('render-process-gone', (_event, { reason }) => {
        if (reason !== 'clean-exit') listener(reason)
      }),
  }
}

function openPort(window: BrowserWindow, channel: string): PagePort {
  const { port1, port2 } = new MessageChannelMain()
  window.webContents.postMessage(channel, null, [port2])
  return {
    send: (frame) => port1.postMessage(frame),
    listen({ frame, closed }) {
      port1.on('message', ({ data }: { data: unknown }) => frame(data))
      port1.on('close', closed)
      port1.start()
    },
    close: () => port1.close(),
  }
}

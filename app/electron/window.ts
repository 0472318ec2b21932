import { BrowserWindow, MessageChannelMain, screen } from 'electron'
import type { MainWindow, PagePort, WindowOptions, Windows } from '../system/window.ts'

export function electronWindows(): Windows {
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
    onContextMenu: (listener) => void webContents.on('context-menu', (_event, { isEditable, formControlType, editFlags, selectionText }) => listener({
      editable: isEditable, area: formControlType === 'text-area',
      can: { cut: editFlags.canCut, copy: editFlags.canCopy && selectionText !== '', paste: editFlags.canPaste, selectAll: editFlags.canSelectAll },
    })),
    onCrash: (listener) => void webContents.on('render-process-gone', (_event, { reason }) => {
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

import { app, powerMonitor } from 'electron'
import type { Life } from '../system/life.ts'

export function electronLife(): Life {
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

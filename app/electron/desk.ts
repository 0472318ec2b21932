import { app, clipboard, nativeTheme, Notification, shell } from 'electron'
import type { Desk } from '../system/desk.ts'

export function electronDesk(): Desk {
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
    login: process.platform === 'linux' ? null : {
      get: () => app.getLoginItemSettings().openAtLogin,
      set: (on) => app.setLoginItemSettings({ openAtLogin: on }),
    },
  }
}

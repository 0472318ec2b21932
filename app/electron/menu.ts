import { Menu, type MenuItemConstructorOptions, nativeImage, Tray } from 'electron'
import { execFile } from 'node:child_process'
import type { Item, Menus, TrayIcon, Trays } from '../system/menu.ts'

export function electronMenus(): Menus {
  return {
    setApplicationMenu: (items, act) => Menu.setApplicationMenu(Menu.buildFromTemplate(template(items, act))),
    popUp: (items) => Menu.buildFromTemplate(template(items, () => undefined)).popup(),
  }
}

export function electronTrays(): Trays {
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
  const asked = ['--session', '--print-reply', '--dest=org.freedesktop.DBus', '/org/freedesktop/DBus', 'org.freedesktop.DBus.NameHasOwner', 'string:org.kde.StatusNotifierWatcher']
  return new Promise((resolve) => {
    execFile('dbus-send', asked, { timeout: 2000 }, (error, stdout) => resolve(error === null && /boolean true/.test(stdout)))
  })
}
